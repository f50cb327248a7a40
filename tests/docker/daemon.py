"""dockerd in a system of its own: nothing is installed here, and no mount, network or rule of a firewall is made."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.cluster.commands import ClusterError, run, succeeds
from tests.cluster.roots import make_root
from tests.cluster.running import Service, found, start, stop
from tests.docker.places import CGROUP, DockerPlaces

NAME = "dockerd"
_CGROUPS = Path("/sys/fs/cgroup")
_RESOLVER = Path("/etc/resolv.conf")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# In a mount namespace of its own, whose root becomes that system: a chroot alone would leave the machine's there, and
# `docker exec` would find itself in it.
_START = """set -e
mount --rbind "$ROOT" "$ROOT"
for each in proc sys dev; do mount --rbind "/$each" "$ROOT/$each"; done
mount -t tmpfs tmpfs "$ROOT/run"
mount -t tmpfs tmpfs "$ROOT/tmp"
mkdir -p "$ROOT$CHECKOUT"
mount --bind "$CHECKOUT" "$ROOT$CHECKOUT"
mount -o remount,bind,ro "$ROOT$CHECKOUT"
cd "$ROOT"
mkdir -p machine
pivot_root . machine
umount --lazy machine
exec dockerd --bridge none --iptables=false --ip6tables=false --cgroup-parent "$CGROUP"
"""


def start_daemon(places: DockerPlaces, checkout: Path) -> None:
    """Start it unless it runs. It sees the checkout, read-only, where it lies. Raises ClusterError."""
    places.run.mkdir(parents=True, exist_ok=True)
    system = make_root(places, "docker")
    (system / "etc" / "resolv.conf").write_text(_RESOLVER.read_text())
    env = {"ROOT": str(system), "CHECKOUT": str(checkout), "CGROUP": CGROUP, "PATH": _PATH}
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _START]
    start(places, Service(NAME, words, lambda: answers(places), env))


def answers(places: DockerPlaces) -> bool:
    return found(places, NAME) is not None and succeeds(inside(places, ["docker", "version"]))


def stop_daemon(places: DockerPlaces) -> None:
    """End it, what it has begun, and the cgroups that held them."""
    if answers(places):
        succeeds(inside(places, ["sh", "-c", "docker ps --quiet | xargs --no-run-if-empty docker kill"]))
    stop(places, NAME)
    for group in [_CGROUPS / CGROUP, *_CGROUPS.glob(f"*/{CGROUP}")]:
        _remove_group(group)


def _remove_group(group: Path) -> None:
    for procs in group.rglob("cgroup.procs"):
        for pid in procs.read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
        folder.rmdir()
    if group.is_dir():
        group.rmdir()


def inside(places: DockerPlaces, words: Sequence[str | Path], folder: Path = Path("/")) -> list[str]:
    """The words that run a program in dockerd's system. Raises ClusterError when it doesn't run."""
    if (pid := found(places, NAME)) is None:
        raise ClusterError("dockerd does not run.")
    enter = ["nsenter", "--target", str(pid), "--mount", f"--root=/proc/{pid}/root", f"--wd=/proc/{pid}/root{folder}"]
    return [*enter, *(str(word) for word in words)]


def docker(places: DockerPlaces, *words: str | Path, text: str = "") -> str:
    """What `docker WORDS` prints. Raises ClusterError with its last words when it fails."""
    return run(inside(places, ["docker", *words]), text=text)


def show(places: DockerPlaces, words: Sequence[str | Path], folder: Path) -> None:
    """Run a program and let it talk to the terminal. Raises ClusterError when it fails."""
    env = {**os.environ, "PATH": _PATH, "HOME": "/root"}
    code = subprocess.run(inside(places, words, folder), env=env, check=False).returncode
    if code != 0:
        raise ClusterError(f"`{' '.join(map(str, words))[:200]}` failed with {code}.")
