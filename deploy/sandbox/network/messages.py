"""HTTP/1.1 messages as a proxy sees them: heads to read and rewrite, bodies to pass on untouched (RFC 9112)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 65536
# Headers that mean one connection only; `connection` may name more.
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "upgrade"}

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


class BadMessageError(Exception):
    """What came is not HTTP, or could be read in two ways."""


@dataclass
class Head:
    """A start line and headers, in their order and spelling."""

    start: str
    headers: list[tuple[str, str]]

    def get(self, name: str, default: str = "") -> str:
        """The first header of this name, without regard to case."""
        return next((value for key, value in self.headers if key.lower() == name), default)

    def tokens(self, name: str) -> set[str]:
        """All values of a header that is a list, in lower case."""
        values = (value for key, value in self.headers if key.lower() == name)
        return {token.strip().lower() for value in values for token in value.split(",") if token.strip()}

    def encode(self) -> bytes:
        """The bytes to send."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def without_hop_by_hop(self) -> list[tuple[str, str]]:
        """The headers that may be passed on."""
        dropped = HOP_BY_HOP | self.tokens("connection")
        return [(name, value) for name, value in self.headers if name.lower() not in dropped]

    @property
    def is_upgrade(self) -> bool:
        """Whether the connection is to become something else, such as a WebSocket."""
        return "upgrade" in self.tokens("connection") and bool(self.get("upgrade"))


async def read_head(reader: Reader) -> Head | None:
    """The next head; None at the end of the connection. Raises BadMessageError."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise BadMessageError("the connection ended within a head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadMessageError("the head is too large") from error
    start, *lines = raw[:-4].decode("latin-1").lstrip("\r\n").split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadMessageError("a header is malformed")
        headers.append((name, value.strip()))
    return Head(start, headers)


@dataclass(frozen=True)
class Framing:
    """How long a body is: `length` bytes, chunked, or (length None) until the connection ends."""

    length: int | None = 0
    chunked: bool = False


def framing_of(head: Head) -> Framing | None:
    """The framing that the headers tell; None when they tell none. Raises BadMessageError for two at once."""
    encodings, lengths = head.tokens("transfer-encoding"), head.tokens("content-length")
    if encodings and lengths:
        raise BadMessageError("Content-Length and Transfer-Encoding together")
    if encodings:
        if encodings != {"chunked"}:
            raise BadMessageError(f"Transfer-Encoding {', '.join(sorted(encodings))}")
        return Framing(None, chunked=True)
    if not lengths:
        return None
    (first, *more) = lengths
    if more or not first.isdecimal():
        raise BadMessageError("Content-Length is not one number")
    return Framing(int(first))


def response_framing(head: Head, method: str) -> Framing:
    """The framing of a response, which also depends on the request's method."""
    status = head.start.split(" ", 2)[1]
    if method == "HEAD" or status in {"204", "304"} or status.startswith("1"):
        return Framing(0)
    return framing_of(head) or Framing(None)


async def copy_body(reader: Reader, writer: Writer, framing: Framing) -> None:
    """Pass on exactly one body. Raises ConnectionError when it ends too early."""
    if framing.chunked:
        await _copy_chunks(reader, writer)
    elif framing.length is None:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    else:
        await _copy_bytes(reader, writer, framing.length)


async def _copy_bytes(reader: Reader, writer: Writer, left: int) -> None:
    while left:
        chunk = await reader.read(min(left, CHUNK_BYTES))
        if not chunk:
            raise ConnectionResetError("the body ended too early")
        left -= len(chunk)
        writer.write(chunk)
        await writer.drain()


async def _copy_chunks(reader: Reader, writer: Writer) -> None:
    while True:
        line = await _line(reader)
        writer.write(line)
        try:
            size = int(line.split(b";")[0].strip(), 16)
        except ValueError as error:
            raise BadMessageError("a chunk has no size") from error
        if not size:
            break
        await _copy_bytes(reader, writer, size + 2)
    while line := await _line(reader):  # trailers, up to an empty line
        writer.write(line)
        if line == b"\r\n":
            break
    await writer.drain()


async def _line(reader: Reader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n")
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the body ended too early") from error
    except asyncio.LimitOverrunError as error:
        raise BadMessageError("a chunk line is too long") from error
