"""A WebSocket client that speaks ASGI to the application in this process."""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator

SECONDS = 60


class Socket(ApplicationCommunicator):  # type: ignore[misc]
    """One connection; `headers` and `peer` are what a server would have seen."""

    def __init__(self, application: Any, path: str, headers: dict[str, str], peer: tuple[str, int]) -> None:
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": peer,
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self) -> int | None:
        """None when the application accepts, else the code with which it closes."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(SECONDS)
        return None if answer["type"] == "websocket.accept" else answer["code"]

    async def message(self) -> dict[str, Any]:
        """The next message."""
        sent = await self.receive_output(SECONDS)
        assert sent["type"] == "websocket.send", sent
        body: dict[str, Any] = json.loads(sent["text"])
        return body

    async def disconnect(self) -> None:
        """Go away and wait until the application has noticed."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(SECONDS)
