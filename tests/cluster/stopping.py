"""`down`: ends what `up` started, and takes away what it, the kubelet and containerd left on the machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sandbox.launcher.console import Console
from tests.cluster.commands import remove, run, succeeds
from tests.cluster.containers import end_leftovers, remove_containers
from tests.cluster.network import remove_network
from tests.cluster.places import RUNTIME, Places
from tests.cluster.processes import ORDER
from tests.cluster.running import stop

_POD_LOGS, _CONTAINER_LOGS = Path("/var/log/pods"), Path("/var/log/containers")
_MOUNTPOINT = 4
"""The field of /proc/self/mountinfo."""


def down(places: Places, console: Console, *, wipe: bool = False) -> None:
    """End everything and leave nothing behind; with `wipe`, not even what was fetched and built."""
    if places.run.exists():
        with console.step("Ending the cluster"):
            _end(places)
        with console.step("Clearing up"):
            _clear(places)
    if wipe:
        with console.step(f"Removing {places.folder}"):
            _unmount_ours(places)  # debootstrap's, if it was killed
            remove(places.folder)


def _end(places: Places) -> None:
    """The kubelet before the containers, which it would start again; containerd after them, since it ends them."""
    for name in reversed(ORDER):
        if name == "containerd":
            remove_containers(places)
        stop(places, name)
    end_leftovers()


def _clear(places: Places) -> None:
    """Mounts first: what is removed below one might be somebody else's."""
    _unmount_ours(places)
    remove_network(places)
    _remove_logs(places.run / "kubelet" / "pods")
    remove(RUNTIME)
    remove(places.run)


def _unmount_ours(places: Places) -> None:
    unmount(_below(mount_points(Path("/proc/self/mountinfo").read_text()), (RUNTIME, places.folder)))


def mount_points(mountinfo: str) -> list[Path]:
    """Every mount of this machine in the order of mounting; the kernel writes a space as \\040."""
    return [Path(line.split()[_MOUNTPOINT].replace("\\040", " ")) for line in mountinfo.splitlines()]


def _below(mounts: Iterable[Path], folders: Iterable[Path]) -> list[Path]:
    wanted = tuple(folder.resolve() for folder in folders)
    return [mount for mount in mounts if any(mount.is_relative_to(folder) for folder in wanted)]


def unmount(mounts: Iterable[Path]) -> None:
    """From the last to the first; one that is busy is taken out of sight, and goes when it isn't any more."""
    for mount in reversed(list(mounts)):
        if not succeeds(["umount", mount]):
            run(["umount", "--lazy", mount])


def _remove_logs(pods: Path) -> None:
    """Those of our pods: the folders bear the pods' ids. Then the links to them, and what is empty."""
    if pods.is_dir():
        for pod in pods.iterdir():
            for folder in _POD_LOGS.glob(f"*_{pod.name}"):
                shutil.rmtree(folder)
    if _CONTAINER_LOGS.is_dir():
        for link in _CONTAINER_LOGS.iterdir():
            if link.is_symlink() and link.readlink().is_relative_to(_POD_LOGS) and not link.exists():
                link.unlink()
    for folder in (_CONTAINER_LOGS, _POD_LOGS):
        with suppress(OSError):  # another kubelet's, if it isn't empty
            folder.rmdir()
