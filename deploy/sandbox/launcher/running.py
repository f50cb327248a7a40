"""What another process can know and do about the supervisor of a home: is it there, how is it, stop it."""

import os
import signal
import time
from dataclasses import dataclass
from typing import Any

from sandbox.launcher import pids
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home, read_json
from sandbox.launcher.options import Options
from sandbox.launcher.supervisor import HomeLock


@dataclass(frozen=True)
class Running:
    """The platform that runs in a home, as its state file tells."""

    state: dict[str, Any]

    @property
    def pid(self) -> int:
        return int(self.state["supervisor"]["pid"])

    @property
    def phase(self) -> str:
        return str(self.state["phase"])

    @property
    def options(self) -> Options:
        return Options.from_json(self.state["options"])


def find(home: Home) -> Running | None:
    """The platform that runs in this home, if any; what a killed one left on disk doesn't count."""
    state = read_json(home.state_file)
    if not pids.is_alive(state.get("supervisor") or {}) or not HomeLock(home.lock_file).is_taken:
        return None
    return Running(state)


def stop(home: Home, running: Running, timeout: float = 90.0) -> None:
    """Ask the supervisor to stop all, and wait until it is gone. Raises LauncherError when it doesn't go."""
    start = running.state["supervisor"]["start"]
    if pids.start_ticks(running.pid) == start:
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while pids.start_ticks(running.pid) == start:
        if time.monotonic() > deadline:
            raise LauncherError(f"The supervisor (pid {running.pid}) did not stop within {timeout:.0f} s.")
        time.sleep(0.05)
    pids.end_strays(home.run)
