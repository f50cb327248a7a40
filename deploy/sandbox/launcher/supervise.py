"""The supervising process itself: in the terminal of `up`, or in the background for `up --detach`."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from sandbox.launcher.child import StartFailed
from sandbox.launcher.home import Home
from sandbox.launcher.options import Options
from sandbox.launcher.processes import platform_processes, prepare_folders
from sandbox.launcher.supervisor import HomeLock, Supervisor

WhenReady = Callable[[threading.Event], None]
"""Called in a thread when all processes are ready; the event says that all shall stop."""


def supervise(
    home: Home,
    options: Options,
    *,
    echo: Callable[[str, str], None] | None,
    when_ready: WhenReady | None = None,
    ignore_hangup: bool = False,
) -> int:
    """Run the platform until a signal says stop. Returns the exit code; raises StartFailed when it doesn't come up."""
    lock = HomeLock(home.lock_file)
    lock.take()
    try:
        prepare_folders(home)
        options.remember(home)
        supervisor = Supervisor(home, platform_processes(home, options), _facts(home, options), echo=echo)
        return asyncio.run(_run(supervisor, when_ready, ignore_hangup=ignore_hangup))
    finally:
        lock.release()


async def _run(supervisor: Supervisor, when_ready: WhenReady | None, *, ignore_hangup: bool) -> int:
    stop = asyncio.Event()
    impatient = asyncio.Event()
    _listen_to_signals(stop, impatient, ignore_hangup=ignore_hangup)
    failure: StartFailed | None = None
    try:
        await _unless(stop, supervisor.start())
        if not stop.is_set():
            supervisor.ready()
            await _until_stopped(stop, when_ready)
    except StartFailed as error:
        failure = error
    stopping = asyncio.ensure_future(supervisor.stop())
    hurry = asyncio.ensure_future(impatient.wait())
    await asyncio.wait({stopping, hurry}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        await supervisor.kill()
        await stopping
    hurry.cancel()
    if failure is not None:
        raise failure
    return 0


async def _until_stopped(stop: asyncio.Event, when_ready: WhenReady | None) -> None:
    ended = threading.Event()
    thread = asyncio.create_task(asyncio.to_thread(when_ready, ended)) if when_ready else None
    try:
        await stop.wait()
    finally:
        ended.set()
        if thread is not None:
            await thread


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, or leave it when the stop comes first."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return
    task.result()


def _listen_to_signals(stop: asyncio.Event, impatient: asyncio.Event, *, ignore_hangup: bool) -> None:
    """The first signal stops gracefully, a second Ctrl-C kills."""

    def asked() -> None:
        (impatient if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, asked)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGHUP, (lambda: None) if ignore_hangup else stop.set)


def _facts(home: Home, options: Options) -> dict[str, Any]:
    """What other processes may want to know about this run; part of the state file."""
    base = options.dashboard_url
    return {
        "options": options.to_json(),
        "urls": {"dashboard": base, "docs": f"{base}/docs", "admin": f"{base}/admin/"},
        "kubeconfig": str(options.kubeconfig or home.kubeconfig),
    }


def describe(failure: StartFailed, logs: str) -> str:
    """A start that failed, with the last words of the process that is to blame."""
    tail = "".join(f"\n    {line}" for line in failure.last_lines[-20:])
    return f"{failure}" + (f" Its last lines ({logs}/{failure.name}.log):{tail}" if tail else "")
