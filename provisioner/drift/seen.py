"""One object of a store, as it was judged, and the words for it."""

from dataclasses import dataclass, field

from provisioner.drift.compare import Difference
from provisioner.drift.models import DRIFT, Verdict

MOST_PATHS = 5
RELEASE_KIND = "Release"
"""Helm's record of the release counts as an object of the store, though no API server knows its kind."""


@dataclass(frozen=True)
class Seen:
    """An object; `verdict` is None for one that is as it should be. `managers` are who made the changes."""

    kind: str
    name: str
    verdict: Verdict | None = None
    differences: tuple[Difference, ...] = ()
    managers: tuple[str, ...] = field(default=(), compare=False)

    @property
    def drifted(self) -> bool:
        """Whether it is something to heal."""
        return self.verdict in DRIFT

    @property
    def label(self) -> str:
        """`Deployment 'backend'`."""
        return f"{self.kind} '{self.name}'"

    @property
    def message(self) -> str:
        """One sentence for a person."""
        if self.verdict == Verdict.MISSING:
            return f"{self.label} is missing."
        if self.verdict == Verdict.FOREIGN:
            return f"{self.label} carries the store's label, and nobody asked for it; it is left alone."
        if self.verdict == Verdict.CHANGED:
            by = f" by {', '.join(self.managers)}" if self.managers else ""
            return f"{self.label} was changed{by}: {paths(self.differences)}."
        return ""


def paths(differences: tuple[Difference, ...]) -> str:
    """The places of the differences, the first few by name."""
    named = [each.path for each in differences[:MOST_PATHS]]
    more = len(differences) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
