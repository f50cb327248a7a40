"""What the web process does when the server starts and stops it."""

import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.db import connections
from django.urls import get_resolver
from prometheus_client import multiprocess

from config import tracing

log = structlog.get_logger(__name__)

Message = MutableMapping[str, Any]


class Lifespan:
    """The ASGI lifespan protocol: import all views before the first request, leave nothing behind after the last."""

    async def __call__(
        self,
        _scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await sync_to_async(_warm_up)()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await sync_to_async(_clean_up)()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _warm_up() -> None:
    _ = get_resolver().url_patterns
    # What was imported stays for ever. Looking through it for garbage again and again would stop the loop, and with it
    # all who listen, for 0.2 s each time.
    gc.collect()
    gc.freeze()
    log.info("web process ready", pid=os.getpid())


def _clean_up() -> None:
    tracing.close()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]
    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
