"""Starts the processes of a table in the order of their needs, restarts those that die, stops all in reverse.

The supervisor holds a lock on the home as long as it lives, and writes what it knows to `run/state.json` after each
change: that file is all that `status`, `down` and a waiting `up --detach` read.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.launcher import pids
from sandbox.launcher.child import Child, StartFailed, exit_words
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home, write_json
from sandbox.launcher.logs import LogFile
from sandbox.launcher.spec import ProcessSpec, levels

FIRST_PAUSE = 0.5  # seconds before a dead process is started again; doubles each time
LONGEST_PAUSE = 30.0
CALM = 60.0  # seconds of running after which the pause is short again


class Supervisor:
    """Keeps one table of processes running for one home. `echo(name, line)` gets each log line as it comes."""

    def __init__(
        self,
        home: Home,
        specs: list[ProcessSpec],
        facts: dict[str, Any],
        echo: Callable[[str, str], None] | None = None,
    ) -> None:
        self._home = home
        self._levels = levels(specs)
        self._facts = facts
        self._echo = echo
        self._log = self._open_log("supervisor")
        self.children = {spec.name: Child(spec, home.run, self._open_log(spec.name), self.publish) for spec in specs}
        self.phase = "starting"
        self._error: dict[str, Any] | None = None
        self._keepers: list[asyncio.Task[None]] = []
        self._started_at = time.time()

    async def start(self) -> None:
        """Return when every process is ready and every job done. Raises StartFailed; then all must be stopped."""
        self.say("starting")
        for pid in await asyncio.to_thread(pids.end_strays, self._home.run):
            self.say(f"ended process {pid}, left behind by an earlier start that was killed")
        self.publish()
        failure = await self._bring_all_up()
        if failure is not None:
            self.fail(failure, process=failure.name, why=failure.why, last_lines=failure.last_lines)
            raise failure

    def fail(self, error: Exception, **details: Any) -> None:
        """Record why the platform doesn't run."""
        self.phase = "failed"
        self._error = {"sentence": str(error), **details}
        self.say(str(error))
        self.publish()

    def ready(self, **facts: Any) -> None:
        """Record that the platform is up, with what a person may want to know about it."""
        self.phase = "running"
        self._facts.update(facts)
        self.publish()

    async def stop(self) -> None:
        """Stop everything in the reverse order, each level at once."""
        if self.phase != "failed":
            self.phase = "stopping"
        self.say("stopping")
        self.publish()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for row in reversed(self._levels):
            await asyncio.gather(*(self.children[spec.name].stop() for spec in row))
        if self.phase != "failed":
            self.phase = "stopped"
        self.say("stopped")
        self.publish()
        for child in self.children.values():
            child.log.close()
        self._log.close()

    async def kill(self) -> None:
        """For the impatient: SIGKILL to every group, now."""
        await asyncio.gather(*(child.kill() for child in self.children.values() if child.pid is not None))

    def say(self, text: str) -> None:
        self._log.write(text)

    def publish(self) -> None:
        write_json(
            self._home.state_file,
            {
                "version": 1,
                "phase": self.phase,
                "supervisor": {"pid": os.getpid(), "start": pids.start_ticks(os.getpid()), "boot": pids.boot_id()},
                "started_at": self._started_at,
                "error": self._error,
                **self._facts,
                "processes": [_row(child) for child in self.children.values()],
            },
        )

    def _open_log(self, name: str) -> LogFile:
        echo = self._echo
        return LogFile(
            self._home.logs / f"{name}.log", echo=(lambda line: echo(name, line)) if echo is not None else None
        )

    async def _bring_all_up(self) -> StartFailed | None:
        """The first failure, when the others have been left where they are."""
        failure: StartFailed | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for child in self.children.values():
                    group.create_task(self._bring_up(child))
        except* StartFailed as failures:
            first = failures.exceptions[0]
            failure = first if isinstance(first, StartFailed) else None
        return failure

    async def _bring_up(self, child: Child) -> None:
        for name in child.spec.after:
            await self.children[name].is_ready.wait()
        await child.start()
        await child.until_ready()
        if not child.spec.once:
            self._keepers.append(asyncio.create_task(self._keep(child)))

    async def _keep(self, child: Child) -> None:
        """Start a process again whenever it ends, sooner after a long life than after a short one."""
        pause = FIRST_PAUSE
        while True:
            code = await child.until_exit()
            if time.time() - child.started_at > CALM:
                pause = FIRST_PAUSE
            self.say(f"{child.spec.name} ended ({exit_words(code)}); starting it again in {pause:.1f} s")
            child.restarts += 1
            child.become("restarting")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await child.start()
                await child.until_ready()
            except StartFailed as failure:
                self.say(str(failure))


def _row(child: Child) -> dict[str, Any]:
    return {
        "name": child.spec.name,
        "job": child.spec.once,
        "state": child.state,
        "pid": child.pid,
        "address": child.spec.address,
        "restarts": child.restarts,
        "started_at": child.started_at or None,
        "exit_code": child.exit_code,
    }


class HomeLock:
    """Held by the one supervisor of a home; the system gives it back whatever way the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises LauncherError when another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise LauncherError(f"A platform is already running in {self._path.parent.parent}.") from None
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def is_taken(self) -> bool:
        """Whether another process holds it now."""
        try:
            self.take()
        except LauncherError:
            return True
        except OSError:
            return False  # there is no home yet
        self.release()
        return False
