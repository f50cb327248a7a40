"""Bodies that are too large are refused before they fill the disk: Django takes in the whole body first."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from config.bare_problems import written
from config.problems import Problem

LIMIT_BYTES = 1024 * 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[..., Awaitable[None]]


class _TooLarge(Exception):
    """More came than may."""


class BodyLimit:
    """ASGI around the HTTP application; counts what comes, whether a length was announced or not."""

    def __init__(self, inner: App, limit: int = LIMIT_BYTES) -> None:
        self._inner = inner
        self._limit = limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if _announced(scope) > self._limit:
            await self._refuse(scope, send)
            return
        had = 0

        async def counted() -> Message:
            nonlocal had
            message = await receive()
            had += len(message.get("body", b""))
            if had > self._limit:
                raise _TooLarge
            return message

        try:
            await self._inner(scope, counted, send)
        except _TooLarge:
            # Django asks for the body before it does anything else, so no answer can have begun.
            await self._refuse(scope, send)

    async def _refuse(self, scope: Message, send: Send) -> None:
        problem = Problem(413, "too-large", f"A body may have {self._limit} bytes at most.")
        headers, body = written(problem, scope)
        await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
        await send({"type": "http.response.body", "body": body})


def _announced(scope: Message) -> int:
    """The length that the header tells; 0 when it tells none (the server has refused one that is no number)."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0
