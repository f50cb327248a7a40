"""Where processes leave what they counted: a folder of each pid namespace's own inside `PROMETHEUS_MULTIPROC_DIR`.

The files there are named by process numbers. Two containers that share a volume count their processes each for itself,
so they would write to each other's files, and take each other's living processes for dead.
"""

import os
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def take_own() -> None:
    """Make this namespace's folder and let the variable name it, for this process and those that it starts.

    Called by the settings, before a metric is made. Nothing happens when the variable isn't set.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return
    name = f"pids-{_namespace()}"
    folder = Path(given) if Path(given).name == name else Path(given) / name
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(folder)


def _namespace() -> str:
    """The kernel's number of it (pid_namespaces(7)); empty where that can't be read."""
    try:
        return os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return ""
