"""The sandbox's side of the supervisor: start a process, read what it prints, signal it, await its end."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.node import supervisor

log = logging.getLogger("sandbox.node")

Output = Callable[[str, bytes], None]


class StartError(Exception):
    """A program could not be started; the text tells why."""


@dataclass(frozen=True)
class Exit:
    """How a process ended: exit code (128 + n for signal n) and the signal, 0 for none."""

    code: int
    signal: int


@dataclass
class Process:
    """A running process. `ended` is done when it is gone and its output is read."""

    number: int
    ended: asyncio.Future[Exit]
    pid: int = 0
    started: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    readers: list[asyncio.Future[None]] = field(default_factory=list)


class Processes:
    """All pod processes of this sandbox, run below one supervisor."""

    def __init__(self) -> None:
        self._processes: dict[int, Process] = {}
        self._last = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Start the supervisor; needs a running loop."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (mine, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, supervisor.PACKET_BYTES)
        self._channel = mine
        command = [sys.executable, "-I", "-S", str(Path(supervisor.__file__)), str(theirs.fileno())]
        self._supervisor = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True, env={}
        )
        theirs.close()
        asyncio.get_running_loop().add_reader(mine, self._hear)

    @property
    def supervisor_pid(self) -> int:
        """The process that is the parent of all pods."""
        return self._supervisor.pid

    async def start(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: str, output: Output, *, nice: int = 0, mark: str = ""
    ) -> Process:
        """Start a program; `output` is called with "stdout" or "stderr" and bytes. Raises StartError.

        With a `mark` (an entry of `env`) all processes that have inherited it end with this one.
        """
        self._last += 1
        loop = asyncio.get_running_loop()
        process = Process(self._last, loop.create_future())
        self._processes[process.number] = process
        ends = [self._reader(process, name, output) for name in ("stdout", "stderr")]
        request = {"id": process.number, "argv": list(argv), "env": dict(env), "cwd": cwd, "nice": nice, "mark": mark}
        try:
            self._send(request, ends)
        except OSError as error:
            self._processes.pop(process.number)
            raise StartError(f"the request to start {argv[0]} failed: {error}") from error
        finally:
            for end in ends:
                os.close(end)
        process.pid = await process.started
        return process

    def signal(self, process: Process, number: int) -> None:
        """Signal the process group; no error when it is gone."""
        if process.number in self._processes:
            self._send({"id": process.number, "signal": number}, [])

    async def stop(self, process: Process, number: int, grace_seconds: float) -> Exit:
        """Signal, wait, then SIGKILL; returns how the process ended."""
        self.signal(process, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                return await asyncio.shield(process.ended)
        self.signal(process, signal.SIGKILL)
        return await process.ended

    async def close(self) -> None:
        """End the supervisor, and with it whatever is left."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._channel)
        with contextlib.suppress(OSError):
            self._send({"quit": True}, [])
        self._channel.close()
        await asyncio.to_thread(self._supervisor.wait)

    def _send(self, request: Mapping[str, object], fds: list[int]) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self._channel.sendmsg([json.dumps(request).encode()], rights)

    def _hear(self) -> None:
        text, _ = supervisor.receive(self._channel)
        if not text:
            self._lost()
            return
        news = json.loads(text)
        process = self._processes.get(news["id"])
        if process is None:
            return
        if "pid" in news:
            process.started.set_result(news["pid"])
        elif "error" in news:
            self._processes.pop(news["id"])
            process.started.set_exception(StartError(news["error"]))
        else:
            self._processes.pop(news["id"])
            task = asyncio.get_running_loop().create_task(_finish(process, Exit(news["exit"], news["signal"])))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _lost(self) -> None:
        """The supervisor died, and the kernel killed its children: report them as killed, and have a new one."""
        asyncio.get_running_loop().remove_reader(self._channel)
        self._channel.close()
        self._supervisor.poll()
        log.error("the supervisor of the pods died; its pods start again")
        lost, self._processes = self._processes, {}
        self.open()
        for process in lost.values():
            if not process.started.done():
                process.started.set_exception(StartError("the supervisor of the pods is gone"))
            elif not process.ended.done():
                process.ended.set_result(Exit(128 + signal.SIGKILL, signal.SIGKILL))

    def _reader(self, process: Process, name: str, output: Output) -> int:
        """Make a pipe, read one end on the loop, return the other."""
        read, write = os.pipe()
        os.set_blocking(read, False)
        loop = asyncio.get_running_loop()
        closed: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            try:
                data = os.read(read, 65536)
            except BlockingIOError:
                return
            if data:
                output(name, data)
                return
            loop.remove_reader(read)
            os.close(read)
            closed.set_result(None)

        loop.add_reader(read, readable)
        process.readers.append(closed)
        return write


async def _finish(process: Process, how: Exit) -> None:
    """Let the last output come in first; a descendant that keeps the pipe open doesn't hold us up."""
    await asyncio.wait(process.readers, timeout=0.5)
    if not process.ended.done():
        process.ended.set_result(how)
