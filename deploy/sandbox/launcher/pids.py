"""Processes remembered on disk, so that the next start can end what a killed supervisor left behind.

A pid alone is not an identity: the system gives it out again. Here an identity is the pid, the start time in clock
ticks since boot (field 22 of /proc/PID/stat) and the boot's own id, and nothing that doesn't match all three is
ever signalled. Descendants are known by an environment variable that only the supervisor sets.
"""

import os
import signal
import time
from pathlib import Path

from sandbox.launcher.home import read_json, write_json

# Set in every process that a supervisor starts; its value is the supervisor's run folder.
OWNER_VARIABLE = "STOREPLANE_SUPERVISED_FROM"


def start_ticks(pid: int) -> int | None:
    """Start time of a living process in clock ticks since boot; None when there is none, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def remember(run: Path, name: str, pid: int) -> None:
    """Write `run/NAME.pid`."""
    write_json(run / f"{name}.pid", {"pid": pid, "start": start_ticks(pid), "boot": boot_id()})


def forget(run: Path, name: str) -> None:
    (run / f"{name}.pid").unlink(missing_ok=True)


def is_alive(record: dict[str, object]) -> bool:
    """Whether the very process that was remembered still runs."""
    pid, start = record.get("pid"), record.get("start")
    return isinstance(pid, int) and start is not None and record.get("boot") == boot_id() and start_ticks(pid) == start


def strays(run: Path) -> dict[int, int]:
    """Processes that an earlier supervisor of this folder, or of one below it, left: {pid: start ticks}.

    Never our own process.
    """
    found: dict[int, int] = {}
    for file in run.glob("*.pid"):
        record = read_json(file)
        if is_alive(record):
            found[int(record["pid"])] = int(record["start"])
    marker = f"{OWNER_VARIABLE}={run}/".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _has_variable(entry, marker):
            start = start_ticks(int(entry.name))
            if start is not None:
                found[int(entry.name)] = start
    found.pop(os.getpid(), None)
    return found


def end_strays(run: Path, grace: float = 4.0) -> list[int]:
    """End what an earlier supervisor left: SIGTERM, then SIGKILL after `grace` seconds. Returns the pids ended."""
    found = strays(run)
    # SIGINT is a fast shutdown for PostgreSQL, which would wait for its clients after SIGTERM.
    for pid, start in found.items():
        _signal(pid, start, signal.SIGINT if _program(pid) == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + grace
    while (left := {pid: start for pid, start in found.items() if start_ticks(pid) == start}) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    for pid, start in left.items():
        _signal(pid, start, signal.SIGKILL)
    for file in run.glob("*.pid"):
        file.unlink(missing_ok=True)
    return sorted(found)


def _has_variable(entry: Path, marker: bytes) -> bool:
    try:
        return any((each + b"/").startswith(marker) for each in (entry / "environ").read_bytes().split(b"\0"))
    except OSError:
        return False  # gone meanwhile, or another user's


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _signal(pid: int, start: int, number: signal.Signals) -> None:
    if start_ticks(pid) == start:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            return
