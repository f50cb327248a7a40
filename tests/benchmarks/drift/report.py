"""The printed tables: every measurement, and for each wanted figure whether it held."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

Row = tuple[str, ...]


@dataclass
class Report:
    """What was measured, in the order in which it was."""

    sweeps: list[Row] = field(default_factory=list)
    peers: list[Row] = field(default_factory=list)
    reactions: list[Row] = field(default_factory=list)
    wanted: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: dict[tuple[str, int], Any] = field(default_factory=dict)
    """Figures that a later test compares with its own, by what they are and the number of stores."""

    def want(self, what: str, most: float, measured: float, unit: str = "") -> None:
        """A figure that should be at most so much."""
        held = "held" if measured <= most else "NOT HELD"
        self.wanted.append((what, f"≤ {most:g}{unit}", f"{_short(measured)}{unit}", held))

    def want_at_least(self, what: str, least: float, measured: float, unit: str = "") -> None:
        """A figure that should be at least so much."""
        held = "held" if measured >= least else "NOT HELD"
        self.wanted.append((what, f"≥ {least:g}{unit}", f"{_short(measured)}{unit}", held))

    def text(self) -> str:
        """All tables, those without a row left out."""
        load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
        parts = [f"{psutil.cpu_count()} cores, load {load} at the end"]
        for title, head, rows in (
            ("Sweeps", _SWEEPS, self.sweeps),
            ("The peer: an operator on kopf, one timer for each store, one round of all", _PEERS, self.peers),
            ("From the API's answer to a change, in seconds", _REACTIONS, self.reactions),
            ("Wanted", _WANTED, self.wanted),
        ):
            if rows:
                parts += ["", title, *_table([head, *rows])]
        return "\n".join(["", *parts, "", *self.notes])


def mebibytes(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 2**20:.0f} MiB"


_SWEEPS = ("stores", "what", "reads", "writes", "rows", "CPU s", "wall s", "API CPU s", "before", "peak")
_PEERS = ("stores", "reads", "writes", "CPU s", "wall s", "API CPU s", "before", "peak", "reads/sweep", "CPU/sweep")
_REACTIONS = ("changes", "until", "n", "p50", "p99", "max")
_WANTED = ("figure", "wanted", "measured", "verdict")


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _table(rows: Sequence[Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if _is_word(rows, at) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _is_word(rows: Sequence[Row], column: int) -> bool:
    return not any(row[column][:1].isdigit() for row in rows[1:])
