"""Paths inside a container → paths on this machine, and commands as a container runtime would put them together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.node.images import Image, expand

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


class UnknownProgramError(Exception):
    """The command's first word is neither a program of the image nor a path that it has."""


@dataclass(frozen=True)
class PathMap:
    """Prefixes in the container and their places here: volume mounts win over the image's own folders."""

    mounts: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)

    def path(self, text: str) -> str | None:
        """The place of one absolute path, or None when nothing is known of it."""
        for table in (self.mounts, self.paths):
            for prefix in sorted(table, key=len, reverse=True):
                bare = prefix.rstrip("/")
                if text == bare or text.startswith(bare + "/"):
                    return table[prefix].rstrip("/") + text[len(bare) :]
        return None

    def text(self, text: str) -> str:
        """Translate a word: a path, `--flag=path`, or a list of paths with colons; anything else stays."""
        if text.startswith("/"):
            if ":" in text and all(part.startswith("/") for part in text.split(":")):
                return ":".join(self.path(part) or part for part in text.split(":"))
            return self.path(text) or text
        flag, equals, value = text.partition("=")
        if equals and value.startswith("/") and flag.startswith("-"):
            return f"{flag}={self.path(value) or value}"
        return text


def expand_references(text: str, env: Mapping[str, str]) -> str:
    """Kubernetes' `$(NAME)`: `$$` is a dollar, an unknown name stays as it is written."""

    def value(found: re.Match[str]) -> str:
        if found.group(0) == "$$":
            return "$"
        return env.get(found.group(1), found.group(0))

    return _REFERENCE.sub(value, text)


def command_words(image: Image, container: Mapping[str, object]) -> list[str]:
    """Kubernetes' rule: command replaces ENTRYPOINT and CMD, args replace CMD."""
    command, args = container.get("command"), container.get("args")
    if isinstance(command, list) and command:
        return [*command, *(args if isinstance(args, list) else ())]
    return [*image.entrypoint, *(args if isinstance(args, list) and args else image.cmd)]


def local_argv(image: Image, words: Sequence[str], paths: PathMap, pod: Mapping[str, str]) -> list[str]:
    """The argv on this machine; raises UnknownProgramError as a runtime whose image lacks the program."""
    if not words:
        raise UnknownProgramError("the container gives no command and the image has none")
    first = words[0]
    program = image.programs.get(first) or image.programs.get(first.rpartition("/")[2])
    if program is None:
        place = paths.path(first) if first.startswith("/") else None
        if place is None:
            raise UnknownProgramError(f'exec: "{first}": executable file not found in $PATH')
        program = (place,)
    head = [expand(word, pod) for word in program]
    return [*head, *(paths.text(word) for word in words[1:])]
