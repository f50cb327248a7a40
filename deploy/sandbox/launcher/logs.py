"""Log files: one for each process, each line with its time, rotated; and reading them, alone or merged."""

import heapq
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sandbox.launcher.errors import LauncherError

MAX_BYTES = 10 * 1024 * 1024
OLD_FILES = 2
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OWN_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d*Z +")


class LogFile:
    """Appends lines as `2026-01-31T12:00:00.000Z text`, and remembers the last ones for a failure's message."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, echo: Callable[[str], None] | None = None) -> None:
        self.path = path
        self.last: deque[str] = deque(maxlen=40)
        self._max_bytes = max_bytes
        self._echo = echo
        self._file: IO[bytes] | None = None
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take a piece of a process's output; whole lines are written, the rest waits for its end."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > 64 * 1024:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self.write(line.decode(errors="replace").rstrip("\r"))

    def flush(self) -> None:
        """Write what is left without a line end; the process is gone."""
        if self._rest:
            self.feed(b"\n")

    def write(self, text: str) -> None:
        """Append one line; a time at its beginning becomes the line's time, an empty line is left out."""
        plain = _ESCAPES.sub("", text)
        own = _OWN_TIME.match(plain)
        plain = plain[own.end() :] if own else plain
        if not plain.strip():
            return
        self.last.append(plain)
        now = own[1] if own else datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        try:
            self._append(f"{now}Z {plain}\n".encode())
        except OSError:
            self.close()  # a full disk must not take the processes down with it
        if self._echo:
            self._echo(plain)

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
        self._file.write(line)
        if self._file.tell() > self._max_bytes:
            self._rotate()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _rotate(self) -> None:
        self.close()
        for number in range(OLD_FILES, 0, -1):
            newer = self.path if number == 1 else self.path.with_suffix(f".log.{number - 1}")
            if newer.exists():
                newer.replace(self.path.with_suffix(f".log.{number}"))


def names(folder: Path) -> list[str]:
    """The processes that have a log."""
    return sorted(file.stem for file in folder.glob("*.log"))


def read(folder: Path, name: str | None, count: int) -> list[str]:
    """The last `count` lines of one process, or of all merged by time with the process's name in each."""
    chosen = _choose(folder, name)
    merged = heapq.merge(*(_lines(folder, each, prefixed=name is None) for each in chosen))
    return [text for _, text in deque(merged, maxlen=count)]


def ends(folder: Path) -> dict[str, int]:
    """Where each log ends now: what `follow` is to begin from."""
    return {each: _size(folder / f"{each}.log") for each in names(folder)}


def follow(folder: Path, name: str | None, offsets: dict[str, int], pause: float = 0.2) -> Iterator[str]:
    """Lines after `offsets` as they come, for ever. Survives rotation, and finds logs that appear later."""
    while True:
        for each in [name] if name else names(folder):
            path = folder / f"{each}.log"
            offset = offsets.get(each, 0)
            if _size(path) < offset:
                offset = 0
            text, offsets[each] = _read_from(path, offset)
            for line in text.splitlines():
                yield f"{each:>16} | {line}" if name is None else line
        time.sleep(pause)


def _choose(folder: Path, name: str | None) -> list[str]:
    known = names(folder)
    if name is not None and name not in known:
        listed = ", ".join(known) or "none yet: nothing was started here"
        raise LauncherError(f"There is no process named {name!r}; the logs are: {listed}.")
    return [name] if name else known


def _lines(folder: Path, name: str, *, prefixed: bool) -> Iterator[tuple[str, str]]:
    """(time, line) pairs, oldest first; a line that an interrupted write left without a time keeps its place."""
    stamp = ""
    older = [folder / f"{name}.log.{number}" for number in range(OLD_FILES, 0, -1)]
    for path in [*older, folder / f"{name}.log"]:
        if path.exists():
            with path.open(errors="replace") as file:
                for raw in file:
                    line = raw.rstrip("\n")
                    stamp = line.partition(" ")[0] or stamp
                    yield stamp, f"{name:>16} | {line}" if prefixed else line


def _read_from(path: Path, offset: int) -> tuple[str, int]:
    """Whole lines from `offset` on, and where to go on from."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read()
    except OSError:
        return "", 0
    whole = content.rpartition(b"\n")[0]
    return whole.decode(errors="replace"), offset + (len(whole) + 1 if whole else 0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
