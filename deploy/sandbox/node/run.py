"""One run of a container's process: its log, its probes while it lives, and its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Protocol

from sandbox.controllers.objects import Obj
from sandbox.node import leftovers, probes
from sandbox.node.hooks import NOT_FOUND_CODE, run_command, run_hook
from sandbox.node.host import Host
from sandbox.node.launch import Launch, memory_limit
from sandbox.node.logs import LogFile
from sandbox.node.processes import Exit, Process
from sandbox.node.translate import UnknownProgramError


class Listener(Protocol):
    """Hears what happens during a run."""

    def set_started(self) -> None:
        """The startup probe succeeded, or there is none."""

    def set_ready(self, ready: bool) -> None:
        """The readiness probe changed its mind."""

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Something worth telling."""


class Run:
    """From start to end; a restarted container has a new one."""

    def __init__(self, host: Host, spec: Obj, launch: Launch, log: LogFile, listener: Listener) -> None:
        self.host, self.spec, self.launch, self.log = host, spec, launch, log
        self.killed_for = ""
        self._listener = listener
        self._tasks: list[asyncio.Task[None]] = []
        self._killer: asyncio.Task[None] | None = None
        self._process: Process | None = None
        self._record: Path | None = None

    async def start(self) -> None:
        """Start the process; raises StartError or UnknownProgramError."""
        launch = self.launch
        self._process = await self.host.processes.start(
            launch.argv(), launch.env, launch.cwd, self.log.write, nice=launch.nice, mark=launch.mark
        )
        self._record = leftovers.record(self.host.state, self._process.pid)
        limit = memory_limit(self.spec)
        if limit:
            self.host.memory.add(self._process.pid, limit, self._out_of_memory)

    def begin_probes(self, *, grace_seconds: float, only_hook: bool) -> None:
        """postStart, then the probes; an init container has only the hook."""
        self._begin(self._after_start(grace_seconds, only_hook=only_hook))

    async def wait(self) -> Exit:
        """Until the process is gone; nothing of this run is active afterwards."""
        process = self._started
        ended = await process.ended
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.host.memory.remove(process.pid)
        if self._record is not None:
            self._record.unlink(missing_ok=True)
        self.log.close()
        return ended

    async def end(self, grace_seconds: float) -> None:
        """preStop, the image's stop signal, and SIGKILL when the grace period is over."""
        process = self._started
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_seconds
        action = (self.spec.get("lifecycle") or {}).get("preStop")
        if action and grace_seconds > 0 and not process.ended.done():
            failure = await run_hook(action, self._target(), grace_seconds)
            if failure:
                self._listener.event("FailedPreStopHook", f"PreStopHook failed: {failure}", warning=True)
        await self.host.processes.stop(process, self.launch.image.stop_signal, max(0.0, until - loop.time()))

    @property
    def _started(self) -> Process:
        if self._process is None:
            raise RuntimeError("the run has not started")
        return self._process

    async def _after_start(self, grace_seconds: float, *, only_hook: bool) -> None:
        action = (self.spec.get("lifecycle") or {}).get("postStart")
        if action:
            failure = await run_hook(action, self._target(), 3600)
            if failure:
                self._listener.event("FailedPostStartHook", f"PostStartHook failed: {failure}", warning=True)
                self._kill("failed its postStart hook", grace_seconds)
                return
        if only_hook:
            return
        if self.spec.get("startupProbe"):
            self._begin(self._follow("startupProbe", grace_seconds))
        else:
            self._begin_lasting_probes(grace_seconds)

    def _begin_lasting_probes(self, grace_seconds: float) -> None:
        for kind in ("readinessProbe", "livenessProbe"):
            if self.spec.get(kind):
                self._begin(self._follow(kind, grace_seconds))

    async def _follow(self, kind: str, grace_seconds: float) -> None:
        """Probe for ever, or until the startup probe has decided."""
        probe, words = self.spec[kind], kind.removesuffix("Probe")

        def told(good: bool, why: str, settled: bool) -> bool:
            if not good:
                self._listener.event("Unhealthy", f"{words.capitalize()} probe failed: {why}", warning=True)
            if not settled:
                return False
            if kind == "readinessProbe":
                self._listener.set_ready(good)
                return False
            if not good:
                self._kill(f"failed {words} probe", float(probe.get("terminationGracePeriodSeconds", grace_seconds)))
            elif kind == "startupProbe":
                self._listener.set_started()
                self._begin_lasting_probes(grace_seconds)
            return kind == "startupProbe" or not good

        await probes.follow(probe, self._target(), told)

    def _kill(self, why: str, grace_seconds: float) -> None:
        """End the process; the restart policy decides what then."""
        self._listener.event("Killing", f"Container {self.spec['name']} {why}, will be restarted")
        # Not one of the tasks that are cancelled when the process has ended.
        self._killer = asyncio.get_running_loop().create_task(self.end(grace_seconds))

    def _out_of_memory(self) -> None:
        self.killed_for = "OOMKilled"
        self.host.processes.signal(self._started, signal.SIGKILL)

    def _target(self) -> probes.Target:
        ports = {p["name"]: int(p["containerPort"]) for p in self.spec.get("ports") or () if p.get("name")}
        return probes.Target(self.launch.pod["pod_ip"], ports, self._exec)

    async def _exec(self, words: list[str], seconds: float) -> tuple[int, str]:
        try:
            argv = self.launch.argv(words)
        except UnknownProgramError as error:
            return NOT_FOUND_CODE, str(error)
        return await run_command(self.host.processes, argv, self.launch.env, self.launch.cwd, seconds)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))
