"""Memory limits by looking: an ordinary user has no cgroup, and RLIMIT_AS breaks Node, which reserves much."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

EVERY_SECONDS = 5.0


class MemoryWatch:
    """Looks at all limited containers in one pass over /proc.

    What counts is anonymous memory (RssAnon) of the container's session; page cache and shared memory don't, and a
    burst between two looks is not seen.
    """

    def __init__(self) -> None:
        self._limits: dict[int, tuple[int, Callable[[], None]]] = {}

    def add(self, pid: int, limit_bytes: int, exceeded: Callable[[], None]) -> None:
        """Watch the session of `pid`; `exceeded` is called at every look that finds too much."""
        self._limits[pid] = (limit_bytes, exceeded)

    def remove(self, pid: int) -> None:
        """Watch it no more."""
        self._limits.pop(pid, None)

    async def run(self) -> None:
        """Look every five seconds, when there is something to look at."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if self._limits:
                self.look()

    def look(self) -> None:
        """One pass."""
        used = dict.fromkeys(self._limits, 0)
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    session = os.getsid(int(name))
                    if session in used:
                        used[session] += anonymous_bytes(int(name))
        for pid, size in used.items():
            limit, exceeded = self._limits.get(pid, (0, None))
            if exceeded is not None and size > limit:
                exceeded()


def anonymous_bytes(pid: int) -> int:
    """RssAnon of one process, 0 when it is gone."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0
