"""The tables of values in the charts' READMEs: paths and defaults from values.yaml, meanings from the schema.

`python -m tests.charts.readme --write` makes them anew; a test fails when one isn't current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.charts.rendering import CHART, PLATFORM

CHARTS = (CHART, PLATFORM)
BEGIN, END = "<!-- values: python -m tests.charts.readme --write -->\n", "<!-- end of values -->\n"


@dataclass(frozen=True)
class Value:
    """One row of the table."""

    path: str
    default: Any
    description: str


def values_of(chart: Path) -> list[Value]:
    """All values of a chart in the order of its schema. What is defined by a reference is one value."""
    schema = json.loads((chart / "values.schema.json").read_text())
    defaults = yaml.safe_load((chart / "values.yaml").read_text())
    return list(_values(schema, defaults, ""))


def _values(node: dict[str, Any], defaults: Any, path: str) -> Iterator[Value]:
    for name, part in node["properties"].items():
        if name == "global" and not path:
            continue
        if "properties" in part:
            yield from _values(part, defaults[name], f"{path}{name}.")
        else:
            yield Value(f"{path}{name}", defaults[name], part.get("description", ""))


def table(chart: Path) -> str:
    """The rows, in Markdown."""
    rows = [f"| `{value.path}` | {_shown(value.default)} | {_cell(value.description)} |" for value in values_of(chart)]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _shown(default: Any) -> str:
    if default in ("", [], {}):
        return "–"  # noqa: RUF001 - as in the other tables
    flow = yaml.safe_dump(default, default_flow_style=True, width=10_000, sort_keys=False).removesuffix("...\n").strip()
    return f"`{_cell(flow)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").removesuffix(".")


def current(chart: Path) -> str:
    """The README as it should be. Raises ValueError when a marker is missing."""
    text = (chart / "README.md").read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:begin]}\n{table(chart)}\n{text[end:]}"


def main(arguments: list[str]) -> int:
    """Write both, or say which isn't current; the number of those that are not."""
    stale = [chart for chart in CHARTS if (chart / "README.md").read_text() != current(chart)]
    for chart in stale:
        if "--write" in arguments:
            (chart / "README.md").write_text(current(chart))
        else:
            sys.stderr.write(f"{chart / 'README.md'} is not current: python -m tests.charts.readme --write\n")
    return 0 if "--write" in arguments else len(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
