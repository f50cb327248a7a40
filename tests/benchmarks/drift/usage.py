"""What a process has used so far, by the kernel's own account."""

import resource
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Usage:
    """CPU and wall seconds, and the most memory that was ever resident, in bytes."""

    cpu: float
    wall: float
    peak: int

    def since(self, before: "Usage") -> dict[str, Any]:
        """What was spent, with the peak before and now."""
        spent = Usage(self.cpu - before.cpu, self.wall - before.wall, self.peak)
        return {**asdict(spent), "before": before.peak}


def usage() -> Usage:
    """Of this process, threads included and children not."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(spent.ru_utime + spent.ru_stime, time.monotonic(), _peak())


def _peak() -> int:
    """VmHWM. `ru_maxrss` would tell the parent's, from before the exec."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("this kernel tells no VmHWM")
