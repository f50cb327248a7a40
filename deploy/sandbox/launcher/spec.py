"""What the supervisor must know about one process, as data."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ReadyCheck = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class ProcessSpec:
    """One row of the supervisor's table. Times are in seconds."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    after: tuple[str, ...] = ()
    """Names of the processes that must be ready, and of the jobs that must be done, before this one starts."""
    once: bool = False
    """A job: it is done when it exits with 0, and never started again."""
    ready: ReadyCheck | None = None
    """Asked again and again until it says yes; None means ready as soon as it runs."""
    ready_line: str = ""
    """A piece of text in the output that means ready, for programs that open no port."""
    start_timeout: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace: float = 10.0
    """How long it may take after the stop signal before its whole process group is killed."""
    address: str = ""
    """Where it listens, for people."""


def levels(specs: list[ProcessSpec]) -> list[list[ProcessSpec]]:
    """The specs by how far they are from the ones that need nothing; stopping goes through this backwards.

    Raises ValueError for a need that no spec has, or that goes in a circle.
    """
    depth: dict[str, int] = {}
    left = list(specs)
    while left:
        placed = [spec for spec in left if all(name in depth for name in spec.after)]
        if not placed:
            raise ValueError(f"Processes whose needs can't be met: {', '.join(spec.name for spec in left)}")
        for spec in placed:
            depth[spec.name] = 1 + max((depth[name] for name in spec.after), default=-1)
        left = [spec for spec in left if spec.name not in depth]
    rows: list[list[ProcessSpec]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for spec in specs:
        rows[depth[spec.name]].append(spec)
    return rows
