"""What a process and its children take: the memory that is theirs (PSS, in MiB), and CPU seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

EVERY_SECONDS = 0.1
_MIB = 1024 * 1024


@dataclass
class Usage:
    """Of one phase. `peak` is the most that was seen at one look."""

    peak: float = 0.0
    last: float = 0.0
    cpu: float = 0.0
    seconds: float = 0.0


def family(pid: int) -> list[psutil.Process]:
    """The process and all below it; none once it is gone."""
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def memory(pids: list[int]) -> float:
    total = 0.0
    for pid in pids:
        for process in family(pid):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss / _MIB
    return total


def cpu(pids: list[int]) -> float:
    total = 0.0
    for pid in pids:
        for process in family(pid):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
    return total


@contextmanager
def watched(pids: list[int]) -> Iterator[Usage]:
    """Look at these processes until the block ends; `pids` may grow meanwhile."""
    seen, stop = Usage(), threading.Event()
    before = cpu(pids)

    def look() -> None:
        while not stop.is_set():
            seen.last = memory(pids)
            seen.peak = max(seen.peak, seen.last)
            stop.wait(EVERY_SECONDS)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    started = time.monotonic()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()
        seen.cpu = cpu(pids) - before
        seen.seconds = time.monotonic() - started
