"""Container images without Docker: layers as tar files, and the archive that `docker save` would write of them.

A layer's file is named by its key, so that one that is the same is never made twice.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.cluster.commands import finished

# The kernel's own, which a container gets anew.
_EMPTY = ("./proc/", "./sys/", "./dev/")


@dataclass(frozen=True)
class Tree:
    """A file or folder of this machine, and where it goes; it becomes root's unless it is a root file system itself."""

    source: Path
    target: str = "."
    keeps_owners: bool = False


@dataclass(frozen=True)
class File:
    """A file that is written for the image."""

    target: str
    content: str
    mode: int = 0o644


@dataclass(frozen=True)
class Layer:
    """One layer; the same key means the same content."""

    name: str
    key: str
    trees: Sequence[Tree] = ()
    files: Sequence[File] = ()
    folders: Sequence[str] = ()

    def path(self, folder: Path) -> Path:
        return folder / f"{self.name}-{self.key}.tar"


@dataclass(frozen=True)
class Image:
    """An image by its full name; `config` is as in Docker's: Env, User, WorkingDir, Entrypoint, Cmd."""

    name: str
    layers: Sequence[Layer]
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MadeLayer:
    """A layer's file, and its digest, by which the image knows it."""

    path: Path
    digest: str


def make_layer(layer: Layer, folder: Path) -> MadeLayer:
    """The layer's file, made if it isn't there; older ones of its name are removed."""
    path = layer.path(folder)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{layer.name}-*.tar"):
            old.unlink()
        with finished(path) as unfinished, tarfile.open(unfinished, "w") as archive:
            _fill(archive, layer)
    with path.open("rb") as file:
        return MadeLayer(path, hashlib.file_digest(file, "sha256").hexdigest())


def _fill(archive: tarfile.TarFile, layer: Layer) -> None:
    for name in layer.folders:
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(member)
    written = {each.target for each in layer.files}  # instead of what the tree has there: no name may come twice
    for tree in layer.trees:
        archive.add(tree.source, arcname=tree.target, filter=_filter(tree, written))
    for each in layer.files:
        _add(archive, each.target, each.content.encode(), each.mode)


def _filter(tree: Tree, without: Container[str] = ()) -> Callable[[tarfile.TarInfo], tarfile.TarInfo | None]:
    def keep(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if member.name in without:
            return None
        if tree.keeps_owners:
            return None if f"./{member.name.removeprefix('./')}".startswith(_EMPTY) else member
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    return keep


def image_config(image: Image, digests: Iterable[str]) -> bytes:
    """What describes the image; its SHA-256 is the image's id."""
    return json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": dict(image.config),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        },
        sort_keys=True,
    ).encode()


def image_id(config: bytes) -> str:
    return hashlib.sha256(config).hexdigest()


def write_archive(image: Image, layers: Sequence[MadeLayer], out: IO[bytes]) -> None:
    """The archive, as a stream: `ctr images import -` reads it as it is written."""
    config = image_config(image, [layer.digest for layer in layers])
    names = [f"{layer.digest}.tar" for layer in layers]
    manifest = [{"Config": f"{image_id(config)}.json", "RepoTags": [image.name], "Layers": names}]
    with tarfile.open(fileobj=out, mode="w|") as archive:
        _add(archive, f"{image_id(config)}.json", config)
        for name, layer in dict(zip(names, layers, strict=True)).items():
            archive.add(layer.path, arcname=name, filter=_filter(Tree(layer.path)))
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    archive.addfile(member, io.BytesIO(content))


def full_name(name: str) -> str:
    """The name as containerd knows it: `postgres:16` is `docker.io/library/postgres:16`."""
    first, slash, _ = name.partition("/")
    if slash and ({".", ":"} & set(first) or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"
