"""The platform as one web process serves it, WebSocket and all, on a thread of the tests' own process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from django.core.asgi import get_asgi_application

from config.asgi import application as platform
from tenants.sockets import Receive, Scope, Send

_STOP_SECONDS = 20


@contextmanager
def serving() -> Iterator[str]:
    """The address of the platform under the settings of this moment."""
    http = get_asgi_application()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await (http if scope["type"] == "http" else platform)(scope, receive, send)  # type: ignore[arg-type]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(application, lifespan="off", log_config=None, timeout_graceful_shutdown=5)  # type: ignore[arg-type]
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        # The listener takes connections already; they wait until the thread gets to them.
        yield f"http://localhost:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        assert not thread.is_alive(), "The web server did not stop."
