"""`/stores/ws`: live events of the caller's tenants, with replay (docs/api.md has the messages).

A listener joins the groups first, then gets what the log has after `since`, then what came live meanwhile: no gap. The
feed drops what it had already: no double. With each heartbeat the log is read again, which also brings what a Redis
that was away has swallowed, and the caller's rights are looked at anew.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterable
from urllib.parse import parse_qs

import structlog
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from stores import snapshots
from stores.feed import Feed, Message
from stores.models import StoreEvent
from stores.publish import GROUP_OF_ALL, as_message, group
from stores.selectors import last_event_id
from tenants.access import Access
from tenants.sockets import access_now, refuse

HEARTBEAT_SECONDS = 20.0
SEND_SECONDS = 10.0
QUEUE_LENGTH = 1000
PAGE = 500
UNAUTHENTICATED = 4401
TOO_SLOW = 4408
INTERNAL = 1011

_NOBODY = "Log in, send a bearer token, or come through a proxy that sets X-User-Id."

log = structlog.get_logger(__name__)


class StoreEvents(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One listener. Only the writer task sends; everything else puts messages into its queue."""

    async def websocket_connect(self, message: Message) -> None:
        """Join, greet, replay; turn down callers without a name or with a `since` that is no event id."""
        self.access = await database_sync_to_async(access_now)(self.scope)
        if self.access is None:
            await self._turn_down(
                401, "not-authenticated", "Log in, send a bearer token, or come through a proxy that sets X-User-Id."
            )
            return
        since = _since(self.scope["query_string"])
        if since is not None and since < 0:
            await self._turn_down(400, "invalid", "`since` must be the id of an event, a whole number from 0 on.")
            return
        self.outbox: asyncio.Queue[str] = asyncio.Queue(QUEUE_LENGTH)
        self.pending: set[tuple[int, str]] = set()
        self.held: list[Message] | None = []
        self.groups_joined: set[str] = set()
        await self._join(self.access)
        await self.accept()
        newest = await database_sync_to_async(last_event_id)(self.access)
        self.feed = Feed(confirmed=newest if since is None else since)
        self.tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._guarded(newest, since))]

    async def websocket_disconnect(self, message: Message) -> None:
        """Stop the tasks before the channel layer forgets the listener."""
        for task in getattr(self, "tasks", ()):
            task.cancel()
        for name in getattr(self, "groups_joined", ()):
            await self.channel_layer.group_discard(name, self.channel_name)
        await super().websocket_disconnect(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A listener has nothing to say; what it sends (a pong) is not read."""

    async def store_event(self, message: Message) -> None:
        """From the channel layer: an event was committed."""
        if self.held is not None:
            self.held.append(message)
            return
        event = message["event"]
        if self.feed.take_live(event["id"]):
            await self._put({"type": "event", "event": event})
        self._show_store(message)

    async def store_changed(self, message: Message) -> None:
        """From the channel layer: a store changed in a way that the log needn't tell."""
        self._show_store(message)

    async def _guarded(self, newest: int, since: int | None) -> None:
        """A listener that can't be served any more is closed, not left in silence."""
        try:
            await self._live(newest, since)
        except TimeoutError:
            await self._drop("queue full")
        except Exception:
            log.exception("listener lost")
            await self.close(INTERNAL)

    async def _live(self, newest: int, since: int | None) -> None:
        """Greeting, replay, and then the heartbeat for ever."""
        await self._put({"type": "hello", "last_event_id": newest})
        if since is not None:
            await self._catch_up()
        await self._put({"type": "replayed", "last_event_id": self.feed.confirmed})
        held, self.held = self.held or [], None
        for message in held:
            await self.store_event(message)
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if not await self._refresh_access():
                await self.close(UNAUTHENTICATED)
                return
            await self._catch_up()
            await self._put({"type": "ping", "last_event_id": self.feed.confirmed})

    async def _catch_up(self) -> None:
        """Send what the log has and the listener lacks, a page at a time; waits when the listener is slow."""
        while True:
            page = await database_sync_to_async(_events_after)(self.access, self.feed.confirmed)
            for event in self.feed.take_read(page):
                await asyncio.wait_for(self.outbox.put(json.dumps({"type": "event", "event": event})), SEND_SECONDS)
            if len(page) < PAGE:
                return

    async def _refresh_access(self) -> bool:
        """Follow changes of membership; false when the caller may not listen any more."""
        access = await database_sync_to_async(access_now)(self.scope)
        if access is None:
            return False
        if access != self.access:
            self.access = access
            await self._join(access)
        return True

    async def _join(self, access: Access) -> None:
        wanted = {GROUP_OF_ALL} if access.everything else {group(tenant_id) for tenant_id in access.roles}
        for name in wanted - self.groups_joined:
            await self.channel_layer.group_add(name, self.channel_name)
        for name in self.groups_joined - wanted:
            await self.channel_layer.group_discard(name, self.channel_name)
        self.groups_joined = wanted

    def _show_store(self, message: Message) -> None:
        """Send the store's present shape soon, once for all changes until then."""
        name = message["event"]["store"] if "event" in message else message["store"]
        key = (message["tenant"], name)
        if key not in self.pending:
            self.pending.add(key)
            task = asyncio.create_task(self._send_snapshot(key))
            self.tasks = [other for other in self.tasks if not other.done()] + [task]

    async def _send_snapshot(self, key: tuple[int, str]) -> None:
        reading = snapshots.soon(*key)
        try:
            text = await asyncio.shield(reading)
        finally:
            self.pending.discard(key)
        if text is not None:
            await self._put_text(text)

    async def _put(self, message: Message) -> None:
        await self._put_text(json.dumps(message))

    async def _put_text(self, text: str) -> None:
        try:
            self.outbox.put_nowait(text)
        except asyncio.QueueFull:
            await self._drop("queue full")

    async def _write(self) -> None:
        """Send one message after the other; a listener that doesn't take one in time is dropped."""
        while True:
            text = await self.outbox.get()
            try:
                await asyncio.wait_for(self.send(text_data=text), SEND_SECONDS)
            except TimeoutError:
                await self._drop("send timed out")
                return

    async def _drop(self, why: str) -> None:
        log.info("listener dropped", why=why)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.close(TOO_SLOW), 1.0)

    async def _turn_down(self, status: int, reason: str, detail: str) -> None:
        async def taken() -> Message:
            return {"type": "websocket.connect"}

        await refuse(self.scope, taken, self.base_send, status=status, reason=reason, detail=detail)
        raise StopConsumer


def _since(query_string: bytes) -> int | None:
    """The event id in `?since=`; None when it isn't there, -1 when it is none."""
    values = parse_qs(query_string.decode("latin1"), keep_blank_values=True).get("since")
    if not values:
        return None
    text = values[-1]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1  # noqa: PLR2004 - below 2**63


def _events_after(access: Access, event_id: int) -> list[Message]:
    events: Iterable[StoreEvent] = (
        access.visible(StoreEvent.objects.select_related("store")).filter(pk__gt=event_id).order_by("pk")[:PAGE]
    )
    return [as_message(event) for event in events]
