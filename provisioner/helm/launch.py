"""Starts a program that dies with the process that asked for it: `launch.py PARENT PROGRAM ARGV0 [ARG…]`.

A worker that is killed must not leave a Helm behind that goes on changing the cluster with nobody watching. The
kernel's parent-death signal does that and outlives the exec; it can't be set safely between fork and exec in a
threaded Python, hence this step of its own. Run as a file, with the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Replaces this process by the program."""
    parent, program, *argv = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the signal was asked for.
    if os.getppid() != int(parent):
        sys.exit("the process that asked for this Helm action is gone")
    os.execv(program, argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
