"""The printed tables: every measurement, and for each wanted figure whether it held."""

from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.figures import WANTED, Row, judged, machine, table


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
        self.wanted.append(judged(what, most, measured, unit))

    def want_at_least(self, what: str, least: float, measured: float, unit: str = "") -> None:
        """A figure that should be at least so much."""
        self.wanted.append(judged(what, least, measured, unit, least=True))

    def text(self) -> str:
        """All tables, those without a row left out."""
        parts = [machine()]
        for title, head, rows in (
            ("Sweeps", _SWEEPS, self.sweeps),
            ("The peer: an operator on kopf, one timer for each store, one round of all", _PEERS, self.peers),
            ("From the API's answer to a change, in seconds", _REACTIONS, self.reactions),
            ("Wanted", WANTED, self.wanted),
        ):
            if rows:
                parts += ["", title, *table([head, *rows])]
        return "\n".join(["", *parts, "", *self.notes])


def mebibytes(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 2**20:.0f} MiB"


_SWEEPS = ("stores", "what", "reads", "writes", "rows", "CPU s", "wall s", "API CPU s", "before", "peak")
_PEERS = ("stores", "reads", "writes", "CPU s", "wall s", "API CPU s", "before", "peak", "reads/sweep", "CPU/sweep")
_REACTIONS = ("changes", "until", "n", "p50", "p99", "max")
