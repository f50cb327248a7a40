"""`kubectl port-forward` to pods: one process for each, started when it is first needed and ended with its pod.

It enters the pod's own network, so neither NetworkPolicies nor the cluster's addresses stand in the way.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress

from tests.detour.endpoints import Endpoint

START_SECONDS = 20.0
_STARTED = re.compile(rb"^Forwarding from 127\.0\.0\.1:(\d+) ")


class ForwardError(Exception):
    """kubectl's own words when it can't reach a pod."""


class Forward:
    """One process that listens on a local port."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._drain: asyncio.Task[None] | None = None
        self.port = 0

    @classmethod
    async def start(cls, endpoint: Endpoint) -> Forward:
        """Raises ForwardError when it isn't ready in time."""
        words = ["port-forward", "--address", "127.0.0.1", "-n", endpoint.namespace]
        words += [f"pod/{endpoint.pod}", f":{endpoint.port}"]
        pipe = asyncio.subprocess.PIPE
        # A session of its own: some kubectls are programs that start another one.
        process = await asyncio.create_subprocess_exec(
            "kubectl", *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        forward = cls(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                await forward._listen()
        except (TimeoutError, ForwardError, asyncio.CancelledError) as error:
            await forward.end()
            if isinstance(error, TimeoutError):
                raise ForwardError(f"kubectl {' '.join(words)} said nothing for {START_SECONDS:.0f} s") from error
            raise
        return forward

    async def _listen(self) -> None:
        said = []
        async for line in self._output():
            if match := _STARTED.match(line):
                self.port = int(match[1])
                self._drain = asyncio.create_task(self._read_on())
                return
            said.append(line.decode(errors="replace").strip())
        raise ForwardError(" ".join(said) or "kubectl port-forward ended and said nothing")

    async def _read_on(self) -> None:
        """It tells every connection: nobody who reads, and it would stand still one day."""
        async for _ in self._output():
            pass

    def _output(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def runs(self) -> bool:
        """It ends by itself when it loses its pod."""
        return self._process.returncode is None

    async def end(self) -> None:
        """Idempotent. Reads to the end: a pipe that is open when the loop is closed complains later."""
        if self.runs:  # else its number may be somebody else's by now
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await (self._drain or self._read_on())
        await self._process.wait()


class Forwards:
    """All that run."""

    def __init__(self) -> None:
        self._started: dict[Endpoint, asyncio.Task[Forward]] = {}

    def __len__(self) -> int:
        return len(self._started)

    async def port_to(self, endpoint: Endpoint) -> int:
        """The local port that leads there. Raises ForwardError."""
        known = self._started.get(endpoint)
        if known is None or (known.done() and not _runs(known)):
            known = self._started[endpoint] = asyncio.create_task(Forward.start(endpoint))
        # Whoever asks first may go away: the others wait for the same process.
        return (await asyncio.shield(known)).port

    async def end(self, endpoint: Endpoint) -> None:
        """Whatever becomes of it: the next one who asks gets a new one."""
        task = self._started.pop(endpoint, None)
        if task is not None:
            with suppress(ForwardError):
                await (await task).end()

    async def keep(self, wanted: Callable[[Endpoint], bool]) -> None:
        """End all others."""
        for endpoint in [each for each in self._started if not wanted(each)]:
            await self.end(endpoint)


def _runs(task: asyncio.Task[Forward]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result().runs
