"""containerd: its configuration, the images that it is given, and the containers that it must give up."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from tests.cluster.archives import Image, image_config, image_id, make_layer, write_archive
from tests.cluster.commands import ClusterError, run, succeeds, until
from tests.cluster.images import PAUSE
from tests.cluster.places import RUNTIME, SOCKET, Places

_CGROUPS = Path("/sys/fs/cgroup")
_GONE_SECONDS = 30
_SHIMS = Path("/run/containerd")
"""Where the shims have their sockets whatever the configuration says."""


def configuration(places: Places) -> str:
    """Everything below the cluster's folder, but for sockets and mounts. Without CAP_SYS_RESOURCE, no pod would start
    if containerd didn't take what it may of the scores for the out-of-memory killer."""
    criplugin = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{places.containerd}"
state = "{RUNTIME}"
[grpc]
  address = "{SOCKET}"
[{criplugin}]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [{criplugin}.cni]
    bin_dir = "{places.programs}/usr/lib/cni"
    conf_dir = "{places.run}/cni"
  [{criplugin}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [{criplugin}.containerd.runtimes.runc.options]
      Root = "{RUNTIME}/runc"
"""


def _ctr(places: Places) -> list[str]:
    return [str(places.program("ctr")), "--address", str(SOCKET), "--namespace", "k8s.io"]


def is_serving(places: Places) -> bool:
    return SOCKET.exists() and succeeds([*_ctr(places), "version"])


def import_image(places: Places, image: Image) -> bool:
    """Give containerd the image unless it has this very one. Returns whether it was given."""
    layers = [make_layer(layer, places.layers) for layer in image.layers]
    wanted = image_id(image_config(image, [layer.digest for layer in layers]))
    return _import(places, image.name, wanted, lambda out: write_archive(image, layers, out))


def import_archive(places: Places, name: str, archive: Path) -> bool:
    """The same of an image that `docker save` wrote to a file."""
    with archive.open("rb") as file:
        wanted = hashlib.file_digest(file, "sha256").hexdigest()

    def write(out: IO[bytes]) -> None:
        with archive.open("rb") as file:
            shutil.copyfileobj(file, out)

    return _import(places, name, wanted, write)


def _import(places: Places, name: str, wanted: str, write: Callable[[IO[bytes]], None]) -> bool:
    notes = places.containerd / "imported.json"
    imported = json.loads(notes.read_text()) if notes.exists() else {}
    if imported.get(name) == wanted:
        return False
    words = [*_ctr(places), "images", "import", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            write(process.stdin)
        said, _ = process.communicate()
    if process.returncode != 0:
        raise ClusterError(f"containerd did not take {name}: {said.decode(errors='replace')}")
    notes.write_text(json.dumps({**imported, name: wanted}, indent=1))
    return True


def remove_containers(places: Places) -> None:
    """End and forget all of them, as long as containerd serves; the images stay."""
    if is_serving(places):
        for task in run([*_ctr(places), "tasks", "list", "--quiet"]).split():
            succeeds([*_ctr(places), "tasks", "delete", "--force", task])
        for container in run([*_ctr(places), "containers", "list", "--quiet"]).split():
            succeeds([*_ctr(places), "containers", "delete", container])


def end_leftovers() -> None:
    """The shims, and whoever is still in a pod's cgroup; then the cgroups themselves."""
    until(lambda: not _kill(_shims()), "containerd's shims to end", _GONE_SECONDS)
    until(lambda: not _kill(_in_pods()), "the pods' processes to end", _GONE_SECONDS)
    for group in _pod_groups():
        for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        group.rmdir()
    for name in ("s", "runc", "fifo", "."):
        with contextlib.suppress(OSError):  # another containerd's, if it isn't empty
            (_SHIMS / name).rmdir()


def _kill(pids: Iterable[int]) -> bool:
    """Whether there was anybody to kill."""
    found = list(pids)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(found)


def _shims() -> Iterable[int]:
    """The processes that name our socket as the one they serve."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"shim" in words[0] and str(SOCKET).encode() in words:
                yield int(path.parent.name)


def _in_pods() -> Iterable[int]:
    for group in _pod_groups():
        for procs in group.rglob("cgroup.procs"):
            yield from map(int, procs.read_text().split())


def _pod_groups() -> list[Path]:
    """The kubelet's, of every hierarchy (cgroup v1) or of the one (v2)."""
    return [path for path in (*_CGROUPS.glob("kubepods"), *_CGROUPS.glob("*/kubepods")) if not path.is_symlink()]
