"""The image table: what each image means on this machine, from the `sandbox.toml` beside it."""

from __future__ import annotations

import re
import signal
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# Known for each pod only, so they stay until a container starts.
POD_PLACEHOLDERS = ("pod_ip", "pod_dir")


class ImageError(Exception):
    """A sandbox.toml can't be used; the text names the file and the fault."""


@dataclass(frozen=True)
class Image:
    """How to run one image here. Values may still hold the placeholders of the pod."""

    names: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = "/"
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM


class ImageTable:
    """Finds images by reference. Unknown ones are looked for again on disk, since a build may have come meanwhile."""

    def __init__(self, folders: Iterable[Path], variables: Mapping[str, str]) -> None:
        self.folders = list(folders)
        self._variables = dict(variables)
        self._images: dict[str, Image] = {}
        self.load()

    def load(self) -> None:
        """Read every sandbox.toml: in each folder itself and one level below."""
        for folder in self.folders:
            for file in sorted([*folder.glob("sandbox.toml"), *folder.glob("*/sandbox.toml")]):
                image = read_image(file, self._variables)
                for name in image.names:
                    self._images[name] = image

    def find(self, reference: str) -> Image | None:
        """The image of a reference such as `ghcr.io/storeplane/medusa:2.18.0@sha256:…`; the tag doesn't matter."""
        name = repository_of(reference)
        registry, slash, rest = name.partition("/")
        names = [name]
        # What looks like a host is a registry; Docker Hub's own images are in `library/`.
        if slash and (registry == "localhost" or any(mark in registry for mark in ".:")):
            names.append(rest)
        names.append(names[-1].removeprefix("library/"))
        return next((self._images[known] for known in names if known in self._images), None)


def repository_of(reference: str) -> str:
    """The reference without digest and tag."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def read_image(file: Path, variables: Mapping[str, str]) -> Image:
    """One sandbox.toml; raises ImageError when it is broken or names an unknown placeholder."""
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ImageError(f"{file}: {error}") from error
    known = {**variables, "image_dir": str(file.parent.resolve())}
    try:
        return _build(_expanded(content, known, file))
    except (KeyError, TypeError, ValueError) as error:
        raise ImageError(f"{file}: missing or wrong entry {error}") from error


def _build(content: dict[str, Any]) -> Image:
    names = content["image"]
    return Image(
        names=(names,) if isinstance(names, str) else tuple(names),
        entrypoint=tuple(content.get("entrypoint", ())),
        cmd=tuple(content.get("cmd", ())),
        workdir=content.get("workdir", "/"),
        programs={name: _words(value) for name, value in content.get("programs", {}).items()},
        paths=content.get("paths", {}),
        env=_texts(content.get("env", {})),
        override=_texts(content.get("override", {})),
        stop_signal=signal.Signals[content.get("stopsignal", "SIGTERM")],
    )


def _words(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _texts(table: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in table.items()}


def _expanded(value: Any, known: Mapping[str, str], file: Path) -> Any:
    if isinstance(value, str):
        return expand(value, known, where=str(file))
    if isinstance(value, list):
        return [_expanded(item, known, file) for item in value]
    if isinstance(value, dict):
        return {name: _expanded(item, known, file) for name, item in value.items()}
    return value


def expand(text: str, known: Mapping[str, str], *, where: str = "") -> str:
    """Replace `{name}`; the pod's own placeholders may stay, any other unknown one is an ImageError."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in known:
            return known[name]
        if name in POD_PLACEHOLDERS:
            return found.group(0)
        raise ImageError(f"{where}: unknown placeholder {{{name}}}; known are {', '.join(sorted(known))}")

    return _PLACEHOLDER.sub(value, text)
