"""The API stand-in on a free port, in a thread of its own, for tests that speak HTTP to it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from sandbox.api.access.gate import EVERYTHING, AccessSettings
from sandbox.api.options import LogOptions
from sandbox.api.registry import Registry
from sandbox.api.server import make_app


class Served:
    """A running stand-in. `call` runs a function on its loop, as controllers do."""

    def __init__(self, registry: Registry, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.registry, self.url, self._loop = registry, url, loop

    def call(self, work: Callable[[], Any]) -> Any:
        """What the function answers, called where the registry lives."""

        async def run() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def kubeconfig(self, folder: Path) -> Path:
        """Writes a kubeconfig and tells where."""
        path = folder / "kubeconfig"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {}}],
            "current-context": "c",
        }
        path.write_text(yaml.safe_dump(content))
        return path


async def some_logs(namespace: str, pod: str, container: str, options: LogOptions) -> AsyncIterator[bytes]:
    """Logs of a pod that does not exist: three lines, or the last ones."""
    lines = [f"{namespace}/{pod}/{container} {number}\n".encode() for number in range(3)]
    for line in lines if options.tail_lines is None else lines[-options.tail_lines :]:
        yield line


@contextmanager
def serving(path: Path | None = None, access: AccessSettings = EVERYTHING) -> Iterator[Served]:
    """A stand-in with its objects in memory, or in a file; everybody may do everything, or what `access` says."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listener = socket.create_server(("127.0.0.1", 0))

    async def start() -> tuple[Registry, web.AppRunner]:
        registry = Registry(path)
        runner = web.AppRunner(make_app(registry, some_logs, access), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return registry, runner

    registry, runner = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield Served(registry, f"http://127.0.0.1:{listener.getsockname()[1]}", loop)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        registry_closed = asyncio.run_coroutine_threadsafe(_close(registry), loop)
        registry_closed.result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _close(registry: Registry) -> None:
    registry.close()
