"""Conditions that say a process is ready. Each is one quick question, asked again by the supervisor."""

import asyncio
from pathlib import Path

from sandbox.launcher.spec import ReadyCheck

_PATIENCE = 2.0  # seconds for one question; a server that accepts and then says nothing is not ready


def tcp(host: str, port: int) -> ReadyCheck:
    """Something accepts connections there."""

    async def check() -> bool:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return True

    return _patient(check)


def http(host: str, port: int, path: str, *, status: int = 200) -> ReadyCheck:
    """The path answers with the status."""

    async def check() -> bool:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            first = await reader.readline()
            return first.split(b" ")[1:2] == [str(status).encode()]
        finally:
            writer.close()

    return _patient(check)


def redis(socket: Path) -> ReadyCheck:
    """Redis answers PING: it has loaded its data."""

    async def check() -> bool:
        reader, writer = await asyncio.open_unix_connection(str(socket))
        try:
            writer.write(b"PING\r\n")
            return (await reader.readline()).startswith(b"+PONG")
        finally:
            writer.close()

    return _patient(check)


def command(*argv: str) -> ReadyCheck:
    """The command exits with 0, as `pg_isready` does."""

    async def check() -> bool:
        devnull = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*argv, stdin=devnull, stdout=devnull, stderr=devnull)
        return await process.wait() == 0

    return _patient(check)


def _patient(check: ReadyCheck) -> ReadyCheck:
    async def answered() -> bool:
        try:
            return await asyncio.wait_for(check(), _PATIENCE)
        except (OSError, TimeoutError, IndexError):
            return False

    return answered
