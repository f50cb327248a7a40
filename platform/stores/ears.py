"""One subscription for each group and process, however many listen: a message is decoded and encoded once for all.

Channels would give each listener a channel, a subscription, a task and a hop to a thread for each message; at 500
listeners that costs seconds (tests/benchmarks/websocket).
"""

import asyncio
import contextlib
import json
from typing import Any, Protocol
from weakref import WeakSet

import redis
import structlog
from channels.layers import get_channel_layer

Message = dict[str, Any]

log = structlog.get_logger(__name__)

_ears: "dict[tuple[asyncio.AbstractEventLoop, str], Ear]" = {}


class Listener(Protocol):
    """Somebody who hears what comes to a group. Must not wait: others are told after it."""

    def hear(self, message: Message, text: str) -> None:
        """`message` is from the channel layer; `text` is what a listener to an event is sent, else empty."""


class Ear:
    """Listens to one group for many. Listeners are held weakly: one that died without a goodbye is forgotten."""

    def __init__(self, name: str) -> None:
        self.listeners: WeakSet[Listener] = WeakSet()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._name = name
        self._task = asyncio.create_task(self._run())

    def close(self) -> None:
        """Stop listening; the layer forgets the channel by itself when its reader is cancelled."""
        self._task.cancel()

    async def _run(self) -> None:
        layer = get_channel_layer()
        try:
            channel = await layer.new_channel()
            await layer.group_add(self._name, channel)
        except Exception as error:
            self.opened.set_exception(error)
            return
        self.opened.set_result(None)
        try:
            while True:
                self._tell(await layer.receive(channel))
        finally:
            with contextlib.suppress(redis.RedisError, OSError):
                await layer.group_discard(self._name, channel)

    def _tell(self, message: Message) -> None:
        text = json.dumps({"type": "event", "event": message["event"]}) if "event" in message else ""
        for listener in list(self.listeners):
            try:
                listener.hear(message, text)
            except Exception:
                log.exception("listener not told", group=self._name)


async def join(name: str, listener: Listener) -> None:
    """Hear the group from now on: what is sent after this returns isn't missed. Raises what Redis does."""
    key = (asyncio.get_running_loop(), name)
    ear = _ears.get(key)
    if ear is None:
        ear = _ears[key] = Ear(name)
    ear.listeners.add(listener)
    try:
        # Shielded, because others wait for it, too.
        await asyncio.shield(ear.opened)
    except BaseException:
        leave(name, listener)
        raise


def leave(name: str, listener: Listener) -> None:
    """Hear the group no more; the last one closes the ear."""
    key = (asyncio.get_running_loop(), name)
    ear = _ears.get(key)
    if ear is None:
        return
    ear.listeners.discard(listener)
    if not ear.listeners:
        del _ears[key]
        ear.close()
