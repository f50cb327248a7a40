"""One process under the supervisor: started in a group of its own, listened to, asked whether it is ready, stopped."""

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from sandbox.launcher import pids
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.logs import LogFile
from sandbox.launcher.spec import ProcessSpec

_PR_SET_PDEATHSIG = 1
Answer = TypeVar("Answer")
_libc = ctypes.CDLL(None, use_errno=True)


class StartFailed(LauncherError):
    """A process ended, or wasn't ready in time, while the platform was starting."""

    def __init__(self, name: str, why: str, last_lines: list[str]) -> None:
        super().__init__(f"{name} {why}")
        self.name = name
        self.why = why
        self.last_lines = last_lines


class Child:
    """The running side of one spec. `on_change` is called after each change of state."""

    def __init__(self, spec: ProcessSpec, run: Path, log: LogFile, on_change: Callable[[], None]) -> None:
        self.spec = spec
        self.log = log
        self.state = "waiting"
        self.restarts = 0
        self.started_at = 0.0
        self.exit_code: int | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.is_ready = asyncio.Event()
        self._run = run
        self._on_change = on_change
        self._line_seen = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    def become(self, state: str) -> None:
        self.state = state
        self._on_change()

    async def start(self) -> None:
        """Start the process. Raises StartFailed when its program can't be run."""
        self._line_seen.clear()
        self.log.last.clear()
        spec = self.spec
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(spec.stop_signal))
            if os.getppid() != parent:  # the supervisor died between the fork and the line above
                os._exit(1)

        # A pipe of our own: asyncio takes a process with its pipes for running until every descendant closed them.
        reading, writing = os.pipe()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *spec.argv,
                env={**spec.env, pids.OWNER_VARIABLE: str(self._run)},
                cwd=spec.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            os.close(reading)
            raise StartFailed(spec.name, f"can't be started: {spec.argv[0]}: {error.strerror}.", []) from error
        finally:
            os.close(writing)
        pids.remember(self._run, spec.name, self.process.pid)
        self.started_at = time.time()
        self.exit_code = None
        self._pump = asyncio.create_task(self._listen(reading))
        self.become("starting")

    async def until_ready(self) -> None:
        """Return when the process is ready (a job: when it is done). Raises StartFailed otherwise."""
        try:
            await asyncio.wait_for(self._done() if self.spec.once else self._answers(), self.spec.start_timeout)
        except TimeoutError:
            await self.kill()
            raise self._failure(f"was not ready after {self.spec.start_timeout:.0f} s.") from None
        self.is_ready.set()
        self.become("done" if self.spec.once else "running")

    async def until_exit(self) -> int:
        """Wait for the end of the process, then take its orphans and its pid file away. Returns the exit code."""
        assert self.process is not None  # noqa: S101
        code = await self.process.wait()
        if self.exit_code is not None:
            return code
        self._signal_group(signal.SIGKILL)
        if self._pump:
            # A grandchild in another session may hold the pipe open: what it says later is not waited for.
            await asyncio.wait({self._pump}, timeout=1)
            self._pump.cancel()
        self.log.flush()
        self.exit_code = code
        pids.forget(self._run, self.spec.name)
        return code

    async def stop(self) -> None:
        """The stop signal, then, after the grace, SIGKILL to the whole group."""
        if self.pid is not None and self.process is not None:
            self.become("stopping")
            self.process.send_signal(self.spec.stop_signal)
            try:
                await asyncio.wait_for(self.until_exit(), self.spec.stop_grace)
            except TimeoutError:
                self.log.write(f"storeplane: did not stop within {self.spec.stop_grace:.0f} s and was killed")
                await self.kill()
        if self.state not in ("done", "waiting"):
            self.become("stopped")

    async def kill(self) -> None:
        self._signal_group(signal.SIGKILL)
        await self.until_exit()

    async def _answers(self) -> None:
        assert self.process is not None  # noqa: S101
        exited = asyncio.ensure_future(self.process.wait())
        try:
            if self.spec.ready_line:
                await self._unless(exited, self._line_seen.wait())
            while self.spec.ready and not await self._unless(exited, self.spec.ready()):
                await self._unless(exited, asyncio.sleep(0.05))
        finally:
            exited.cancel()

    async def _unless(self, exited: "asyncio.Future[int]", question: Awaitable[Answer]) -> Answer:
        """The answer to the question, or StartFailed as soon as the process is gone."""
        asked = asyncio.ensure_future(question)
        try:
            either: set[asyncio.Future[Any]] = {exited, asked}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if exited.done():
                await self.until_exit()
                raise self._failure(f"ended while it was starting ({exit_words(exited.result())}).")
            return asked.result()
        finally:
            asked.cancel()

    async def _done(self) -> None:
        code = await self.until_exit()
        if code != 0:
            raise self._failure(f"failed ({exit_words(code)}).")

    async def _listen(self, descriptor: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
        )
        wanted = self.spec.ready_line
        try:
            while chunk := await reader.read(64 * 1024):
                self.log.feed(chunk)
                if wanted and any(wanted in line for line in self.log.last):
                    self._line_seen.set()
                    wanted = ""
        finally:
            transport.close()

    def _failure(self, why: str) -> StartFailed:
        return StartFailed(self.spec.name, why, list(self.log.last))

    def _signal_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                return


def exit_words(code: int) -> str:
    """`exit code 1`, or the signal's name."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
