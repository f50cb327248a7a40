"""PostgreSQL refuses to run as root, so a root sandbox has to give up being root, in one of two ways.

A user namespace in which root is called `nobody` is preferred: files stay root's, so that a home folder that only root
may enter is no obstacle. Where namespaces are forbidden (many containers), the process becomes the user `nobody` and
keeps only the right to pass by file permissions, for the same reason.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from pathlib import Path

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE, CAP_FOWNER = 1, 3
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


class PrivilegeError(Exception):
    """Neither way works here."""


def drop(data: Path) -> str:
    """Stop being root; returns how, or nothing for an ordinary user. `data` and all in it is made readable."""
    if os.geteuid() != 0:
        return ""
    way = os.environ.get("SANDBOX_UNPRIVILEGED_BY", "")  # for tests of the second way
    if way != "setuid" and _may_unshare():
        _give(data, 0)
        _enter_namespace()
        way = "a user namespace"
    else:
        _give(data, NOBODY)
        _become_nobody()
        way = "setuid"
    # The kernel forgets this wish when credentials change: die with the supervisor of the pods.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return way


def _may_unshare() -> bool:
    """Try it in a child, since a half-made namespace can't be left again."""
    child = os.fork()
    if child == 0:
        try:
            _enter_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _enter_namespace() -> None:
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        Path(f"/proc/self/{name}").write_text(text)


def _become_nobody() -> None:
    """setuid, and two capabilities that survive an exec: to pass by permissions, and to change them."""
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    wanted = 1 << CAP_DAC_OVERRIDE | 1 << CAP_FOWNER
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    if libc.capset(header, struct.pack("=6I", wanted, wanted, wanted, 0, 0, 0)) != 0:
        raise PrivilegeError("PostgreSQL can't run as root, and this root may neither unshare nor keep capabilities.")
    for capability in (CAP_DAC_OVERRIDE, CAP_FOWNER):
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _give(folder: Path, owner: int) -> None:
    """chown what an earlier start left to somebody else."""
    for place, folders, files in os.walk(folder):
        for name in (place, *(os.path.join(place, entry) for entry in (*folders, *files))):
            if os.lstat(name).st_uid != owner:
                os.chown(name, owner, owner, follow_symlinks=False)
