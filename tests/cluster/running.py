"""Processes that outlive the command that started them: started once, waited for, found again, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.commands import LOOK_EVERY_SECONDS, ClusterError
from tests.cluster.places import CHECKOUT, Places

READY_SECONDS = 120
STOPS_WITHIN_SECONDS = 20
_LAST_CHARACTERS = 2000
_STATE, _STARTED = 0, 19
"""Fields of /proc/PID/stat after the name in brackets: its state, and when it started."""


@dataclass(frozen=True)
class Service:
    """One process, and how it shows that it serves."""

    name: str
    argv: Sequence[str | Path]
    is_ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)


def birth(pid: int) -> str | None:
    """When the process started, in the kernel's count; None when it isn't there, or is dead already."""
    try:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in "ZX" else fields[_STARTED]


def found(places: Places, name: str) -> int | None:
    """The process id, if what was started is still there: a number alone might be somebody else's by now."""
    try:
        pid, started = (places.run / f"{name}.pid").read_text().split()
    except OSError:
        return None
    return int(pid) if birth(int(pid)) == started else None


def start(places: Places, service: Service) -> None:
    """Start it unless it runs, and wait until it serves. Raises ClusterError with its last words if it doesn't."""
    if found(places, service.name) is None:
        places.logs.mkdir(exist_ok=True)
        with _log(places, service.name).open("wb") as log:
            process = subprocess.Popen(
                [str(word) for word in service.argv],
                cwd=CHECKOUT,
                env={**os.environ, **service.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (places.run / f"{service.name}.pid").write_text(f"{process.pid} {birth(process.pid)}")
    _wait(places, service)


def _wait(places: Places, service: Service) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not service.is_ready():
        if found(places, service.name) is None or time.monotonic() > deadline:
            said = _log(places, service.name).read_text(errors="replace")[-_LAST_CHARACTERS:]
            raise ClusterError(f"{service.name} did not start:\n{said}")
        time.sleep(LOOK_EVERY_SECONDS)


def _log(places: Places, name: str) -> Path:
    return places.logs / f"{name}.log"


def stop(places: Places, name: str) -> None:
    """End it as an operator would; if it doesn't go in time, it is killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if (pid := found(places, name)) is None:
            break
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOPS_WITHIN_SECONDS
        while found(places, name) is not None and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_SECONDS)
    (places.run / f"{name}.pid").unlink(missing_ok=True)
