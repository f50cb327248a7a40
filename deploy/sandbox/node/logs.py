"""Container logs: files in the format of the CRI, rotated, and read again for `kubectl logs`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

ROTATE_BYTES = 10 * 1024 * 1024
LINE_BYTES = 16 * 1024
STREAMS = ("stdout", "stderr")


@dataclass(frozen=True)
class LogQuery:
    """What of a log is wanted: the query parameters of `pods/log`."""

    follow: bool = False
    tail_lines: int | None = None
    timestamps: bool = False
    since: datetime | None = None
    limit_bytes: int | None = None


class Wanted(Protocol):
    """The options of `pods/log`, as the API hands them over."""

    @property
    def follow(self) -> bool: ...
    @property
    def timestamps(self) -> bool: ...
    @property
    def tail_lines(self) -> int | None: ...
    @property
    def since_seconds(self) -> int | None: ...
    @property
    def since_time(self) -> str: ...
    @property
    def limit_bytes(self) -> int | None: ...


def query_of(wanted: Wanted) -> LogQuery:
    """The query for the options of a request."""
    since = None
    if wanted.since_seconds is not None:
        since = datetime.now(UTC) - timedelta(seconds=wanted.since_seconds)
    elif wanted.since_time:
        since = datetime.fromisoformat(wanted.since_time.replace("Z", "+00:00"))
    return LogQuery(wanted.follow, wanted.tail_lines, wanted.timestamps, since, wanted.limit_bytes)


class LogFile:
    """The log of one run of one container. Lines are `time stream F text`, or P for a part of a long line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.closed = False
        self._pending = dict.fromkeys(STREAMS, b"")
        self._changed = asyncio.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, stream: str, content: bytes) -> None:
        """Take output as it comes; whole lines go to the file."""
        *lines, rest = (self._pending[stream] + content).split(b"\n")
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z").encode()
        head = time + b" " + stream.encode()
        out = [head + b" F " + line + b"\n" for line in lines]
        while len(rest) >= LINE_BYTES:
            out.append(head + b" P " + rest[:LINE_BYTES] + b"\n")
            rest = rest[LINE_BYTES:]
        self._pending[stream] = rest
        if out:
            self._append(b"".join(out))

    def close(self) -> None:
        """No more will come; a last line without its end is written as it is."""
        for stream in STREAMS:
            if self._pending[stream]:
                self.write(stream, b"\n")
        self.closed = True
        self._file.close()
        self._notify()

    async def changed(self) -> None:
        """Wait until there is more, or the end."""
        await self._changed.wait()

    def _append(self, content: bytes) -> None:
        if self._size + len(content) > ROTATE_BYTES and self._size:
            self._file.close()
            self.path.rename(_rotated(self.path))
            self._file = self.path.open("ab", buffering=0)
            self._size = 0
        self._file.write(content)
        self._size += len(content)
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _rotated(path: Path) -> Path:
    return path.with_name(path.name + ".1")


async def read(path: Path, query: LogQuery, live: LogFile | None) -> AsyncIterator[bytes]:
    """The lines that the query asks for, then with `follow` those that come while the container runs."""
    reader = _Reader(path)
    left = query.limit_bytes
    try:
        chunks = _rendered(_chosen(reader.first(), query), query)
        while True:
            for chunk in chunks:
                yield chunk if left is None else chunk[:left]
                if left is not None and (left := left - len(chunk)) <= 0:
                    return
            if not query.follow or live is None or live.closed:
                return
            await live.changed()
            chunks = _rendered(iter(reader.more()), query)
    finally:
        reader.close()


class _Reader:
    """Reads a log to its end, and later on from there, also over a rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb") if path.exists() else None

    def first(self) -> list[bytes]:
        """All lines, with those of the rotated file before."""
        rotated = _rotated(self._path)
        before = rotated.read_bytes().splitlines(keepends=True) if rotated.exists() else []
        return [*before, *self.more()]

    def more(self) -> list[bytes]:
        """The lines that have come since."""
        if self._file is None:
            return []
        lines = self._file.readlines()
        if os.stat(self._path).st_ino != os.fstat(self._file.fileno()).st_ino:
            self._file.close()
            self._file = self._path.open("rb")
            lines += self._file.readlines()
        return lines

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _chosen(lines: list[bytes], query: LogQuery) -> Iterator[bytes]:
    if query.since is not None:
        since = query.since.astimezone(UTC)
        lines = [line for line in lines if _time(line) >= since]
    if query.tail_lines is not None:
        lines = lines[len(lines) - query.tail_lines :] if 0 <= query.tail_lines < len(lines) else lines
    return iter(lines)


def _time(line: bytes) -> datetime:
    text = line.split(b" ", 1)[0].decode()
    return datetime.fromisoformat(text[:26] + "+00:00")


def _rendered(lines: Iterator[bytes], query: LogQuery) -> Iterator[bytes]:
    fresh_line = True
    for line in lines:
        time, _, tag, text = line.split(b" ", 3)
        head = time + b" " if query.timestamps and fresh_line else b""
        fresh_line = tag == b"F"
        yield head + (text if fresh_line else text[:-1])
