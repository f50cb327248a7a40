"""Running other programs, and making things so that half a thing is never taken for a whole one."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

LOOK_EVERY_SECONDS = 0.2
_LAST_CHARACTERS = 3000

# The program, and Debian's package of it.
NEEDED = {
    "apt-get": "apt",
    "conntrack": "conntrack",
    "debootstrap": "debootstrap",
    "dpkg": "dpkg",
    "gcc": "gcc",
    "git": "git",
    "ip": "iproute2",
    "iptables": "iptables",
    "make": "make",
    "mount": "mount",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "rsync": "rsync",
}


class ClusterError(Exception):
    """One sentence for the person at the terminal."""


def require_programs(needed: Mapping[str, str]) -> None:
    """Raises ClusterError with what to install when the machine lacks one of the programs; see NEEDED."""
    missing = sorted({package for program, package in needed.items() if not shutil.which(program)})
    if missing:
        raise ClusterError(f"Some programs are missing; on Debian: apt-get install {' '.join(missing)}")


def run(
    words: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, text: str = ""
) -> str:
    """Run to the end and give its output. Raises ClusterError with the last of it when it fails."""
    argv = [str(word) for word in words]
    done = subprocess.run(argv, cwd=cwd, env=env, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = f"{done.stdout}\n{done.stderr}".strip()[-_LAST_CHARACTERS:]
        raise ClusterError(f"`{' '.join(argv)[:200]}` failed with {done.returncode}:\n{said}")
    return done.stdout


def succeeds(words: Sequence[str | Path]) -> bool:
    """Whether the program runs and ends with 0."""
    argv = [str(word) for word in words]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def until(look: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for a condition. Raises ClusterError, naming `what`, when it doesn't come."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise ClusterError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(LOOK_EVERY_SECONDS)


@contextmanager
def finished(path: Path) -> Iterator[Path]:
    """A path to make something at; it appears as `path` only once it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    remove(unfinished)
    path.parent.mkdir(parents=True, exist_ok=True)
    yield unfinished
    unfinished.rename(path)


def remove(path: Path) -> None:
    """A file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace_once(path: Path, old: str, new: str) -> None:
    """Exchange a text that stands in a file exactly once. Raises ClusterError otherwise: the file has changed."""
    text = path.read_text()
    if (found := text.count(old)) != 1:
        raise ClusterError(f"{path} holds this {found} times, and should hold it once:\n{old}")
    path.write_text(text.replace(old, new))
