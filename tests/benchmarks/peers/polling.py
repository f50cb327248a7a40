"""The usual design, for comparison: each WebSocket has a Redis subscription of its own and looks at it each 0.5 s.

It hears the same publishes, behind the same handshake and the same server. It is kinder than many of its kind: it
takes all that waits when it looks, not one message. It knows neither tenants nor replay: everybody gets everything, and
what comes while a client is away is gone.
"""

import asyncio
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import re_path
from redis.asyncio import Redis

import config.asgi  # noqa: F401 - sets Django up
from config.lifespan import Lifespan
from stores.publish import CHANNEL
from tenants.sockets import OriginCheck, SocketUser

POLL_SECONDS = 0.5


class PollingEvents(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One listener, one subscription, one loop."""

    async def connect(self) -> None:
        """Subscribe, then accept."""
        self.redis = Redis.from_url(settings.REDIS_STREAMS_URL, decode_responses=True)
        self.subscription = self.redis.pubsub(ignore_subscribe_messages=True)
        await self.subscription.subscribe(CHANNEL)
        await self.accept()
        self.loop = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        """Look, send what is there, sleep."""
        await self.send('{"type": "replayed"}')
        while True:
            while message := await self.subscription.get_message():
                await self.send('{"type": "event", "event": ' + message["data"] + "}")
            await asyncio.sleep(POLL_SECONDS)

    async def disconnect(self, _code: Any) -> None:
        """Leave nothing behind."""
        self.loop.cancel()
        await self.subscription.aclose()  # type: ignore[no-untyped-call]
        await self.redis.aclose()


application = ProtocolTypeRouter(
    {
        "websocket": OriginCheck(SocketUser(URLRouter([re_path(r"^stores/ws/?$", PollingEvents.as_asgi())]))),
        "lifespan": Lifespan(),
    }
)
