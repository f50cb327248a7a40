"""Builds by `deploy/images/build.sh` itself, whose bases are stand-ins, and what `docker save` writes of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from sandbox.launcher.console import Console
from tests.cluster.archives import Image, make_layer, write_archive
from tests.cluster.commands import ClusterError, finished
from tests.cluster.places import CHECKOUT
from tests.docker.bases import bases, stand_ins
from tests.docker.daemon import docker, inside, show
from tests.docker.places import DockerPlaces

IMAGES = ("platform", "medusa", "storefront")
BUILD = "deploy/images/build.sh"


def load_bases(places: DockerPlaces, console: Console) -> None:
    """Give dockerd the stand-ins."""
    for image in bases(places):
        with console.step(f"Base {image.name}"):
            _load(places, image)


def _load(places: DockerPlaces, image: Image) -> None:
    layers = [make_layer(layer, places.layers) for layer in image.layers]
    with subprocess.Popen(inside(places, ["docker", "load", "--quiet"]), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        write_archive(image, layers, process.stdin)
        process.stdin.close()
    if process.returncode != 0:
        raise ClusterError(f"Docker did not take {image.name}.")


def build(places: DockerPlaces, checkout: Path) -> None:
    """All three images, with the script's own words on the terminal."""
    files = [(checkout / "deploy" / "images" / image / "Dockerfile").read_text() for image in IMAGES]
    contexts = [
        word
        for pinned, name in stand_ins(files).items()
        for word in ("--build-context", f"{pinned}=docker-image://{name}")
    ]
    # There is no bridge: a build has this machine's network.
    words = ["bash", BUILD, *IMAGES, "--", "--network", "host", "--progress", "plain", *contexts]
    show(places, words, checkout)


def names() -> dict[str, str]:
    """What build.sh calls each image, as the platform's chart asks for it."""
    values = yaml.safe_load((CHECKOUT / "deploy" / "chart" / "values.yaml").read_text())
    stores = values["stores"]["images"]
    return {"platform": values["images"]["platform"], "medusa": stores["medusa"], "storefront": stores["storefront"]}


def save(places: DockerPlaces, console: Console) -> None:
    """An archive of each image, for `tests.cluster up --images`."""
    places.images.mkdir(parents=True, exist_ok=True)
    for image, name in names().items():
        with console.step(f"Saving {name}"), finished(places.images / f"{image}.tar") as path, path.open("wb") as file:
            subprocess.run(inside(places, ["docker", "save", name]), stdout=file, check=True)


def sizes(places: DockerPlaces) -> list[str]:
    """A line of each image: its name and its size with the base."""
    return [
        docker(places, "images", "--format", "{{.Repository}}:{{.Tag}}  {{.Size}}", name).strip()
        for name in names().values()
    ]
