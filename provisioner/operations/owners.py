"""Who owns a step, by a name that no two processes share, and what this host knows about such a process."""

import os
import socket
from functools import cache
from pathlib import Path


def own_name() -> str:
    """`host:pid namespace:pid:start` of this process.

    The start tells a process from an earlier one of the same number; the namespace tells containers apart that share
    a host name (those of one pod do) and count their processes each for itself.
    """
    return _name_of(os.getpid())


@cache
def _name_of(pid: int) -> str:
    return f"{socket.gethostname()}:{_pid_namespace()}:{pid}:{_start_of(pid)}"


def is_surely_dead(owner: str) -> bool:
    """True when the owner was a process that this one could see, and is gone; any other can't be judged from here."""
    host, namespace, pid, start = (owner.rsplit(":", 3) + [""] * 4)[:4]
    if (host, namespace) != (socket.gethostname(), _pid_namespace()) or not pid.isdigit():
        return False
    return _start_of(int(pid)) != start


@cache
def _pid_namespace() -> str:
    """The kernel's number of this process' pid namespace (pid_namespaces(7)); empty where that can't be read."""
    try:
        return os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """When the process started, in clock ticks since boot (proc(5), field 22); empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    # A zombie acts no more: it only waits for its parent to take note.
    return "" if state == "Z" else fields[18]
