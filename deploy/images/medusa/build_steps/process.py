"""Child processes of the build: quiet when all is well, with the end of their output when not."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

TAIL_LINES = 25


class BuildError(Exception):
    """A failed build; its message is what a person reads."""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    what: str,
    progress: Callable[[str], str] | None = None,
    explain: Callable[[str], str] | None = None,
    every: float = 10.0,
) -> None:
    """Run to the end; raise BuildError with the last lines of its output, or with `explain(output)`, on failure.

    Each `every` seconds `progress(output so far)` is printed.
    """
    with tempfile.TemporaryFile() as output:
        try:
            child = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        except OSError as error:
            raise BuildError(f"{what}: {command[0]} can't be run: {error.strerror}") from error
        try:
            code = _wait(child, lambda: progress(_read(output)) if progress else "", every if progress else None)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        if code != 0:
            text = _read(output)
            reason = (explain and explain(text)) or "\n  " + "\n  ".join(text.splitlines()[-TAIL_LINES:])
            raise BuildError(f"{what} failed with exit code {code}: {reason}")


def _read(output: IO[bytes]) -> str:
    # The child shares the file's position, so it must not be moved.
    return os.pread(output.fileno(), os.fstat(output.fileno()).st_size, 0).decode(errors="replace")


def _wait(child: subprocess.Popen[bytes], progress: Callable[[], str], every: float | None) -> int:
    begun = time.monotonic()
    while True:
        try:
            return child.wait(timeout=every)
        except subprocess.TimeoutExpired:
            print(f"     {progress()} ({time.monotonic() - begun:.0f} s)", flush=True)
