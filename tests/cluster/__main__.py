"""python -m tests.cluster up|status|install|down"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from tests.cluster.commands import ClusterError
from tests.cluster.installing import install
from tests.cluster.looking import is_up, status
from tests.cluster.places import DEFAULT_FOLDER, Places
from tests.cluster.starting import up
from tests.cluster.stopping import down

STORE_PORT = 8088
_ABOUT = "A real Kubernetes 1.20 on this machine, for the end-to-end tests: see tests/cluster/README.md."


def main() -> int:
    """Run one command. Returns the exit code."""
    options = parser().parse_args()
    places, console = Places(options.folder.resolve()), Console()
    try:
        if options.command == "status":
            return status(places, console)
        if os.geteuid() != 0:
            raise ClusterError("Only root can make networks and mounts: run it as root.")
        _run(options, places, console)
    except (ClusterError, LauncherError, OSError) as error:
        console.error(f"cluster: {error}")
        return 1
    except KeyboardInterrupt:
        console.error("cluster: interrupted; `down` ends what was started.")
        return 130
    return 0


def _run(options: argparse.Namespace, places: Places, console: Console) -> None:
    if options.command == "up":
        up(places, options.store_port, options.images, console)
    elif options.command == "down":
        down(places, console, wipe=options.wipe)
    elif not is_up(places):
        raise ClusterError("There is no cluster to install into: `up` makes one.")
    else:
        install(places, console)


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    top = argparse.ArgumentParser(prog="python -m tests.cluster", description=_ABOUT)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help=f"where all is kept ({DEFAULT_FOLDER})")
    start = commands.add_parser(
        "up", parents=[common], help="fetch and build what is missing, start what doesn't run (root)"
    )
    start.add_argument("--store-port", type=int, default=STORE_PORT, help=f"the ingress controller's ({STORE_PORT})")
    start.add_argument("--images", type=Path, help="a folder of what `docker save` wrote: see tests/docker")
    commands.add_parser("status", parents=[common], help="what runs; exit code 3 when not all of it does")
    commands.add_parser(
        "install", parents=[common], help="install the platform's chart, as `helm install` would (root)"
    )
    end = commands.add_parser("down", parents=[common], help="end it and leave nothing behind (root)")
    end.add_argument("--wipe", action="store_true", help="remove what was fetched and built, too")
    return top


if __name__ == "__main__":
    sys.exit(main())
