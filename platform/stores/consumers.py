"""`/stores/ws`: live events of the caller's tenants, with replay (docs/api.md has the messages).

A listener joins the groups first, then gets what the log has after `since`, then what came live meanwhile: no gap. The
feed drops what it had already: no double. With each heartbeat the log is read again, which also brings what a Redis
that was away has swallowed, and the caller's rights are looked at anew; at once when they are said to have changed.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Iterable
from urllib.parse import parse_qs

import structlog
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from stores import ears, snapshots
from stores.feed import Feed, Message
from stores.models import StoreEvent
from stores.publish import GROUP_OF_ALL, as_message, group
from stores.selectors import last_event_id
from tenants import rights
from tenants.access import Access
from tenants.sockets import Scope, access_now, refuse

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
    """One listener. Only the writer task sends; everything else puts messages into its queue.

    It has no channel of its own (an alias that no layer has): it hears its groups through this process's ears.
    """

    channel_layer_alias = ""

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
        self.readings: set[asyncio.Task[str | None]] = set()
        self.held: list[tuple[Message, str]] | None = []
        self.groups_joined: set[str] = set()
        self.rights_changed = asyncio.Event()
        self.ended = False
        self.tasks: list[asyncio.Task[None]] = []
        await ears.join(rights.GROUP, self)
        await self._join(self.access)
        await self.accept()
        newest = await database_sync_to_async(last_event_id)(self.access)
        # An id that the log hasn't come to (a client from before a restored backup) would keep silent all below it.
        self.feed = Feed(confirmed=newest if since is None else min(since, newest))
        self.writer = asyncio.create_task(self._write())
        self.tasks += [self.writer, asyncio.create_task(self._guarded(newest, since))]

    async def websocket_disconnect(self, message: Message) -> None:
        """Stop the tasks and hear no more."""
        self.ended = True
        for task in getattr(self, "tasks", ()):
            task.cancel()
        self._leave()
        await super().websocket_disconnect(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A listener has nothing to say; what it sends (a pong) is not read."""

    def hear(self, message: Message, text: str) -> None:
        """From this process's ear: an event, a store that changed in a way that the log needn't tell, or rights."""
        if message["type"] == "rights.changed":
            if self.scope["user"].pk in message["users"]:
                self.rights_changed.set()
        elif self.held is not None and text:
            self.held.append((message, text))
        else:
            if text and self.feed.take_live(message["event"]["id"]):
                self._put(text)
            self._show_store(message)

    async def _guarded(self, newest: int, since: int | None) -> None:
        """A listener that can't be served any more is closed, not left in silence."""
        try:
            await self._live(newest, since)
        except TimeoutError:
            self._end(TOO_SLOW, "queue full")
        except Exception:
            log.exception("listener lost")
            self._end(INTERNAL, "something broke")

    async def _live(self, newest: int, since: int | None) -> None:
        """Greeting, replay, and then the heartbeat for ever."""
        self._put(json.dumps({"type": "hello", "last_event_id": newest}))
        if since is not None:
            await self._catch_up()
        self._put(json.dumps({"type": "replayed", "last_event_id": self.feed.confirmed}))
        held, self.held = self.held or [], None
        for message, text in held:
            self.hear(message, text)
        # Those who came at once, after a restart of the server say, shall not ask the database at once for ever.
        pause = HEARTBEAT_SECONDS * random.uniform(0.1, 1)  # noqa: S311 - spreads load, guards nothing
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.rights_changed.wait(), pause)
            self.rights_changed.clear()
            pause = HEARTBEAT_SECONDS
            access, page = await database_sync_to_async(_look)(self.scope, self.feed.confirmed)
            if access is None:
                self._end(UNAUTHENTICATED, "may not listen any more")
                return
            if access != self.access:
                self.access = access
                await self._join(access)
                page = None
            await self._catch_up(page)
            self._put(json.dumps({"type": "ping", "last_event_id": self.feed.confirmed}))

    async def _catch_up(self, page: list[Message] | None = None) -> None:
        """Send what the log has and the listener lacks, a page at a time; waits when the listener is slow."""
        while True:
            if page is None:
                page = await database_sync_to_async(_events_after)(self.access, self.feed.confirmed)
            for event in self.feed.take_read(page):
                await asyncio.wait_for(self.outbox.put(json.dumps({"type": "event", "event": event})), SEND_SECONDS)
            if len(page) < PAGE:
                return
            page = None

    async def _join(self, access: Access) -> None:
        wanted = {GROUP_OF_ALL} if access.everything else {group(tenant_id) for tenant_id in access.roles}
        for name in wanted - self.groups_joined:
            await ears.join(name, self)
            self.groups_joined.add(name)
        for name in self.groups_joined - wanted:
            ears.leave(name, self)
        self.groups_joined = wanted

    def _leave(self) -> None:
        for name in (rights.GROUP, *getattr(self, "groups_joined", ())):
            ears.leave(name, self)

    def _show_store(self, message: Message) -> None:
        """Send the store's present shape soon, once for all changes until then."""
        name = message["event"]["store"] if "event" in message else message["store"]
        # The same reading as long as this change is in time for it; one that has begun may miss it.
        reading = snapshots.soon(message["tenant"], name)
        if reading not in self.readings:
            self.readings.add(reading)
            # A callback, not a task: there may be a thousand listeners to one reading.
            reading.add_done_callback(self._take_snapshot)

    def _take_snapshot(self, reading: "asyncio.Task[str | None]") -> None:
        self.readings.discard(reading)
        text = None if reading.cancelled() else reading.result()
        if text is not None and not self.ended:
            self._put(text)

    def _put(self, text: str) -> None:
        try:
            self.outbox.put_nowait(text)
        except asyncio.QueueFull:
            self._end(TOO_SLOW, "queue full")

    async def _write(self) -> None:
        """Send one message after the other; a listener that doesn't take one in time is dropped."""
        while True:
            text = await self.outbox.get()
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self.send(text_data=text)
            except TimeoutError:
                self._end(TOO_SLOW, "send timed out")

    def _end(self, code: int, why: str) -> None:
        """Hear and send no more at once, and close; a client that takes nothing can't be waited for."""
        if not self.ended:
            self.ended = True
            self._leave()
            self.writer.cancel()
            log.info("listener dropped", why=why)
            self.tasks.append(asyncio.create_task(self._close(code)))

    async def _close(self, code: int) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.close(code), 1.0)

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


def _look(scope: Scope, event_id: int) -> tuple[Access | None, list[Message]]:
    """The caller's rights by now and what the log has after the event, on one connection to the database."""
    access = access_now(scope)
    return access, [] if access is None else _events_after(access, event_id)


def _events_after(access: Access, event_id: int) -> list[Message]:
    events: Iterable[StoreEvent] = (
        access.visible(StoreEvent.objects.select_related("store")).filter(pk__gt=event_id).order_by("pk")[:PAGE]
    )
    return [as_message(event) for event in events]
