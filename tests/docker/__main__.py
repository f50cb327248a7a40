"""python -m tests.docker up|down"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from tests.cluster.commands import ClusterError, remove, require_programs
from tests.cluster.places import CHECKOUT
from tests.cluster.roots import make_root
from tests.docker.building import build, load_bases, save, sizes
from tests.docker.daemon import show, start_daemon, stop_daemon
from tests.docker.places import DEFAULT_FOLDER, DockerPlaces
from tests.docker.trial import trial

_ABOUT = "Docker on a machine that has none: see tests/docker/README.md."
_NEEDED = {"debootstrap": "debootstrap", "nsenter": "util-linux", "unshare": "util-linux"}


def main() -> int:
    """Run one command. Returns the exit code."""
    options = parser().parse_args()
    places, console = DockerPlaces(options.folder.resolve()), Console()
    try:
        if os.geteuid() != 0:
            raise ClusterError("Only root can start dockerd: run it as root.")
        require_programs(_NEEDED)
        if options.command == "down":
            _down(places, console, wipe=options.wipe)
        else:
            _up(places, options.checkout.resolve(), console)
    except (ClusterError, LauncherError, OSError) as error:
        console.error(f"docker: {error}")
        return 1
    except KeyboardInterrupt:
        console.error("docker: interrupted; `down` ends what was started.")
        return 130
    return 0


def _up(places: DockerPlaces, checkout: Path, console: Console) -> None:
    """dockerd, the compose file, the three images, their trial, and their archives."""
    places.folder.mkdir(parents=True, exist_ok=True)
    for root in ("docker", "slim", "pip"):
        with console.step(f"Debian: {root}"):
            make_root(places, root)
    with console.step("Starting dockerd"):
        start_daemon(places, checkout)
    with console.step("docker compose config"):
        show(places, ["docker", "compose", "--file", "docker-compose.dev.yml", "config", "--quiet"], checkout)
    load_bases(places, console)
    build(places, checkout)
    trial(places, console)
    save(places, console)
    for line in sizes(places):
        console.line(f"  {line}")


def _down(places: DockerPlaces, console: Console, *, wipe: bool) -> None:
    with console.step("Ending dockerd"):
        stop_daemon(places)
        remove(places.run)
    if wipe:
        with console.step(f"Removing {places.folder}"):
            remove(places.folder)


def parser() -> argparse.ArgumentParser:
    """Both commands with their options."""
    top = argparse.ArgumentParser(prog="python -m tests.docker", description=_ABOUT)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help=f"where all is kept ({DEFAULT_FOLDER})")
    make = commands.add_parser("up", parents=[common], help="start dockerd, build the images, try and save them (root)")
    make.add_argument("--checkout", type=Path, default=CHECKOUT, help="whose Dockerfiles (this one's)")
    end = commands.add_parser("down", parents=[common], help="end it (root)")
    end.add_argument("--wipe", action="store_true", help="remove all images and what was fetched, too")
    return top


if __name__ == "__main__":
    sys.exit(main())
