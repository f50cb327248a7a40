"""Reads what a Dockerfile says, as far as ours say it: stages, and the instructions of each with their words."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    """One stage: its name (empty for the last one), and its instructions in order."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        """The words after that keyword, once for each time it stands there."""
        return [words for found, words in self.instructions if found == keyword]

    def copies(self) -> list[tuple[str, list[str], str]]:
        """Each COPY as (stage it takes from or empty, sources, target)."""
        found = []
        for words in map(str.split, self.all("COPY")):
            stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
            found.append((stage, words[:-1], words[-1]))
        return found

    def environment(self) -> dict[str, str]:
        """What the ENV instructions set; `$PATH` and the like stay as they are."""
        pairs = (pair.partition("=") for words in self.all("ENV") for pair in shlex.split(words))
        return {name: value for name, _, value in pairs}


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[Stage] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        keyword, _, words = line.partition(" ")
        if keyword == "FROM":
            base, _, name = words.partition(" AS ")
            found.append(Stage(name, base))
        else:
            found[-1].instructions.append((keyword, words))
    return found
