"""Root file systems for the images, by debootstrap: what Debian's own images hold, and the packages named here."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from tests.cluster.commands import finished, run
from tests.cluster.fetching import KEYRING, MIRROR, RELEASE
from tests.cluster.places import CHECKOUT, Places
from tests.uv import find_uv


class Root(NamedTuple):
    """A release of Debian, and the packages besides its essential ones."""

    packages: tuple[str, ...] = ()
    release: str = RELEASE


ROOTS = {
    "slim": Root(),
    "python": Root(("ca-certificates", "python3")),
    "redis": Root(("redis-server",)),
    # Of tests/docker: the newer release is the first that has Docker's build plugin.
    "pip": Root(("ca-certificates", "python3-pip")),
    "docker": Root(("ca-certificates", "docker-buildx", "docker-cli", "docker-compose", "docker.io", "git"), "trixie"),
}
_PYTHON = "usr/bin/python3"


def make_root(places: Places, name: str) -> Path:
    """One root file system, made once."""
    root = places.roots / name
    if root.is_dir():
        return root
    cache = places.debian / "debootstrap"
    cache.mkdir(parents=True, exist_ok=True)
    packages, release = ROOTS[name]
    include = [f"--include={','.join(packages)}"] if packages else []
    options = ["--variant=minbase", f"--keyring={KEYRING}", f"--cache-dir={cache}", *include]
    with finished(root) as unfinished:
        run(["debootstrap", *options, release, unfinished, f"{MIRROR}/debian"])
        shutil.rmtree(unfinished / "var" / "cache" / "apt" / "archives")
        shutil.rmtree(unfinished / "var" / "lib" / "apt" / "lists")
    return root


def make_packages(places: Places, root: Path, key: str) -> Path:
    """The platform's locked packages as the virtual environment /app/.venv of the root's Python."""
    folder = places.folder / "packages"
    mark = folder / f".{key}"
    if mark.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    environment = folder / ".venv"
    env = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "UV_PROJECT_ENVIRONMENT": str(environment),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "copy",
        "UV_COMPILE_BYTECODE": "1",
    }
    env.setdefault("UV_SYSTEM_CERTS", "1")
    uv = find_uv()
    run([uv, "venv", "--quiet", "--relocatable", "--python", root / _PYTHON, environment], env=env)
    words = ["sync", "--quiet", "--locked", "--no-default-groups", "--no-install-project"]
    run([uv, *words, "--directory", CHECKOUT], env=env)
    _move_python(environment, root)
    mark.touch()
    return folder


def _move_python(environment: Path, root: Path) -> None:
    """In the image, the interpreter is where the root has it."""
    link = environment / "bin" / "python"
    link.unlink()
    link.symlink_to(f"/{_PYTHON}")
    about = environment / "pyvenv.cfg"
    about.write_text(about.read_text().replace(f"{root}/", "/"))


def make_static(places: Places) -> Path:
    """Django's static files, as the platform's Dockerfile collects them."""
    folder = places.folder / "static"
    env = {
        **os.environ,
        "STOREPLANE_SECRET_KEY": "only-to-collect-static-files-only-to-collect-static-files",
        "STOREPLANE_STATIC_ROOT": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{places.copy}:{places.copy / 'platform'}",
    }
    words = ["collectstatic", "--no-input", "--clear", "--verbosity", "0"]
    run([sys.executable, "manage.py", *words], cwd=places.copy, env=env)
    return folder
