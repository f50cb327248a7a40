"""Processes of an earlier sandbox on the same state, which was killed: they are found and ended before a new start.

The supervisor ends them when it can. This is for what it could not: it was killed too, and a pod's process had
detached itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

# In the environment of every pod process.
MARK = "STOREPLANE_SANDBOX_STATE"
WAIT_SECONDS = 10.0


def end_leftovers(state: Path) -> int:
    """Kill them and wait until they are gone; returns how many there were."""
    found = marked_processes(state)
    for pid in found:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + WAIT_SECONDS
    while marked_processes(state) and time.monotonic() < until:
        time.sleep(0.05)
    return len(found)


def marked_processes(state: Path) -> list[int]:
    """Living processes with this state's mark in their environment, and those in the session of one of them.

    PostgreSQL overwrites its environment with its title, so sessions recorded by the pods count as well.
    """
    mark = f"{MARK}={state}".encode()
    sessions = {int(file.name) for file in (state / "run" / "pids").glob("*") if _is_same(file)}
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                content = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
                alive = _start_time(int(name)) is not None
                if alive and (mark in content or os.getsid(int(name)) in sessions):
                    found.append(int(name))
    return found


def record(state: Path, pid: int) -> Path:
    """Write down a process that is the leader of its session; remove the file when it has ended."""
    file = state / "run" / "pids" / str(pid)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{_boot()} {_start_time(pid)}")
    return file


def _is_same(file: Path) -> bool:
    """Whether the pid still means the recorded process."""
    with contextlib.suppress(OSError):
        return file.read_text() == f"{_boot()} {_start_time(int(file.name))}"
    return False


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _start_time(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat; None for a process that is gone or a zombie."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[19] if fields[0] != "Z" else None
    return None
