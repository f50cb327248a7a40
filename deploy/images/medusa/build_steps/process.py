"""Child processes of the build: quiet when all is well, with the end of their output when not."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TAIL_LINES = 25


class BuildError(Exception):
    """A failed build; its message is what a person reads."""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    what: str,
    progress: Callable[[], str] | None = None,
    every: float = 10.0,
) -> None:
    """Run to the end; print `progress()` each `every` seconds; raise BuildError with the last lines on failure."""
    with tempfile.TemporaryFile() as output:
        try:
            child = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        except OSError as error:
            raise BuildError(f"{what}: {command[0]} can't be run: {error.strerror}") from error
        try:
            code = _wait(child, progress, every)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        if code != 0:
            output.seek(0)
            tail = output.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
            raise BuildError(f"{what} failed with exit code {code}:\n  " + "\n  ".join(tail))


def _wait(child: subprocess.Popen[bytes], progress: Callable[[], str] | None, every: float) -> int:
    if progress is None:
        return child.wait()
    begun = time.monotonic()
    while True:
        try:
            return child.wait(timeout=every)
        except subprocess.TimeoutExpired:
            print(f"     {progress()} ({time.monotonic() - begun:.0f} s)", flush=True)
