"""Quantiles and tables: what benchmarks make of what they have measured."""

import math
import os
import sys
from collections.abc import Sequence

import psutil

Row = tuple[str, ...]
WANTED: Row = ("figure", "wanted", "measured", "verdict")
"""Above rows of `judged`."""


def say(line: str) -> None:
    """Progress, for whoever waits; tables go to standard output."""
    print(line, file=sys.stderr, flush=True)


def at(values: Sequence[float], share: float) -> float:
    """A quantile by the nearest rank; `values` in order."""
    return values[math.ceil(share * len(values)) - 1]


def most_at_once(spans: Sequence[tuple[float, float]]) -> int:
    """How many of these spans overlap at the busiest moment; one that ends where another begins doesn't."""
    changes = sorted([(begun, 1) for begun, _ in spans] + [(ended, -1) for _, ended in spans])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def handovers(spans: Sequence[tuple[float, float]], slots: int) -> list[float]:
    """How long a slot stood empty before each span that had to wait for one."""
    begun, ended = (sorted(moments) for moments in zip(*spans, strict=True))
    return [begin - end for begin, end in zip(begun[slots:], ended, strict=False)]


def judged(what: str, wanted: float, measured: float, unit: str = "", *, least: bool = False) -> Row:
    """A row of a table of wishes: at most so much, or at least."""
    held = measured >= wanted if least else measured <= wanted
    sign = "≥" if least else "≤"
    return (what, f"{sign} {wanted:g}{unit}", f"{short(measured)}{unit}", "held" if held else "NOT HELD")


def short(value: float) -> str:
    """A figure with two decimals where these tell something."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def machine() -> str:
    """Where it was measured, and what else went on there."""
    load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
    return f"{os.cpu_count()} cores, load {load} at the end"


def table(rows: Sequence[Row]) -> list[str]:
    """Lines with the cells of each column under each other, words to the left and figures to the right."""
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
