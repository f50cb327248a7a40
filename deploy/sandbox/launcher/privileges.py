"""PostgreSQL refuses to run as root. How root starts it all the same, without making a user or opening a folder.

Preferred is a user namespace in which root is shown as `nobody`: for files it stays root, so a home under /root
(mode 0700) works. Where namespaces are forbidden, as in many containers, the process really becomes `nobody`, keeps
the one right to reach its files through folders that are closed to it, and owns its data folder.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.programs import postgres_programs

NOBODY = 65534


@dataclass(frozen=True)
class Unprivileged:
    """How to start a program that refuses root."""

    prefix: tuple[str, ...] = ()
    """Words to put before the command."""
    owner: int | None = None
    """The uid that must own the program's files; None when it is the caller's own."""

    def own(self, folder: Path) -> None:
        """Give a folder and all in it to the uid that the program will have."""
        wanted = os.geteuid() if self.owner is None else self.owner
        if os.geteuid() != 0 or folder.stat().st_uid == wanted:
            return
        for parent, _, files in os.walk(folder):
            os.chown(parent, wanted, wanted)
            for file in files:
                os.chown(Path(parent) / file, wanted, wanted, follow_symlinks=False)


@cache
def unprivileged(death_signal: str = "INT") -> Unprivileged:
    """The way that works on this machine. Raises LauncherError when none does.

    A change of identity clears the signal that the kernel sends when the parent dies, so it is asked for anew.
    """
    if os.geteuid() != 0:
        return Unprivileged()
    if shutil.which("setpriv") is None:
        raise LauncherError("PostgreSQL can't run as root without the program setpriv (Debian package util-linux).")
    death = ("--pdeathsig", death_signal)
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", "setpriv", *death, "--")
    if _works(namespace):
        return Unprivileged(namespace)
    rights = "+dac_override"
    become = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *death)
    for way in ((*become, "--inh-caps", rights, "--ambient-caps", rights, "--"), (*become, "--")):
        if _works(way):
            return Unprivileged(way, owner=NOBODY)
    raise LauncherError("PostgreSQL can't run as root here: neither unshare nor setpriv may change the user id.")


def _works(prefix: tuple[str, ...]) -> bool:
    """Asked of PostgreSQL itself: the checkout may lie in a folder that the changed identity can't enter."""
    try:
        program = str(postgres_programs() / "postgres")
        done = subprocess.run([*prefix, program, "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
