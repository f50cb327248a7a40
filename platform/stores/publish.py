"""From a committed event to everyone who listens: Redis stream, Redis channel, WebSocket groups, the mirror.

The event's row is the outbox: `published_at` stays empty until all was sent, and the sweep sends what a process that
died in between left behind. A stream takes each event once, because the entry's id is the event's; one that comes after
a greater one, which Redis refuses, has the stream written anew.
"""

import json
from datetime import timedelta
from functools import cache
from typing import Any

import redis
import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.breaker import REDIS
from stores.models import Store, StoreEvent
from stores.provisioning import provisioner

STREAM_LENGTH = 100
CHANNEL = "store:events"
GROUP_OF_ALL = "tenants.all"

log = structlog.get_logger(__name__)


def publish_soon(store_id: int, event: StoreEvent | None) -> None:
    """Tell the world about a store's change once the transaction commits; losing this is mended by the sweep."""
    # `robust`: the hooks that come after it, which send the work on its way, must not fail with it.
    transaction.on_commit(lambda: _publish_quietly(store_id, event), robust=True)


def _publish_quietly(store_id: int, event: StoreEvent | None) -> None:
    """The change is committed, so a Redis that is away must not turn it into an error for the caller."""
    if REDIS.is_open:
        return
    try:
        if event is not None:
            publish(event)
        else:
            _announce(store_id)
        provisioner().store_changed(store_id)
    except (redis.RedisError, OSError) as error:
        REDIS.trip()
        log.warning("event not published yet", store_id=store_id, error=type(error).__name__)


def publish(event: StoreEvent) -> None:
    """Send one event to the stream, the channel and the tenant's group; harmless when done twice."""
    message = as_message(event)
    body = json.dumps(message)
    _to_stream(event, body)
    streams().publish(CHANNEL, body)
    _to_groups(event.tenant_id, {"type": "store.event", "tenant": event.tenant_id, "event": message})
    StoreEvent.objects.filter(pk=event.pk, published_at__isnull=True).update(published_at=timezone.now())


def _announce(store_id: int) -> None:
    """A change without an event (a step that moved on): listeners get the store as it is now."""
    store = Store.objects.only("name", "tenant_id").get(pk=store_id)
    _to_groups(store.tenant_id, {"type": "store.changed", "tenant": store.tenant_id, "store": store.name})


def _to_groups(tenant_id: int, message: dict[str, Any]) -> None:
    """To the tenant's listeners, and to those who may see all tenants."""
    layer = get_channel_layer()

    async def send() -> None:
        await layer.group_send(group(tenant_id), message)
        await layer.group_send(GROUP_OF_ALL, message)

    async_to_sync(send)()


def _to_stream(event: StoreEvent, body: str) -> None:
    """A stream lives as long as a store of its name does; of one that is gone nothing stays in a successor's."""
    key = stream_key(event.store.name)
    living = set(Store.objects.not_gone().filter(name=event.store.name).values_list("pk", flat=True))
    if not living:
        streams().delete(key)
        return
    if event.store_id not in living:
        _write_anew(event.store.name)
        return
    entry = f"{event.pk}-0"
    try:
        streams().xadd(key, {"event": body}, id=entry, maxlen=STREAM_LENGTH, approximate=False)
    except redis.ResponseError as error:
        if "equal or smaller" not in str(error):
            raise
        if not streams().xrange(key, entry, entry):
            _write_anew(event.store.name)


def _write_anew(name: str) -> None:
    """All of a stream from the rows, in their order; again when somebody writes to it meanwhile."""
    living = Store.objects.not_gone().filter(name=name)
    key = stream_key(name)

    def write(pipe: Any) -> None:
        newest = StoreEvent.objects.filter(store__in=living).select_related("store").order_by("-id")[:STREAM_LENGTH]
        pipe.multi()
        pipe.delete(key)
        for each in reversed(newest):
            pipe.xadd(key, {"event": json.dumps(as_message(each))}, id=f"{each.pk}-0")

    streams().transaction(write, key)


def publish_left_behind(limit: int = 500, older_than_seconds: float = 5.0) -> int:
    """Send what was committed and never published, oldest first; the number sent."""
    horizon = timezone.now() - timedelta(seconds=older_than_seconds)
    waiting = StoreEvent.objects.filter(published_at__isnull=True, timestamp__lt=horizon).select_related("store")
    events = list(waiting.order_by("id")[:limit])
    for event in events:
        publish(event)
        REDIS.close()
    return len(events)


def as_message(event: StoreEvent) -> dict[str, Any]:
    """The event's public shape: `{id, store, type, message, phase, step, origin, timestamp}`."""
    return {
        "id": event.pk,
        "store": event.store.name,
        "type": event.type,
        "message": event.message,
        "phase": event.phase,
        "step": event.step,
        "origin": event.origin,
        "timestamp": event.timestamp.isoformat().replace("+00:00", "Z"),
    }


def stream_key(name: str) -> str:
    """The Redis stream of one store."""
    return f"store:events:{name}"


def group(tenant_id: int) -> str:
    """The channel layer's group of a tenant's listeners."""
    return f"tenant.{tenant_id}"


@cache
def streams() -> "redis.Redis":
    """This process's connection pool to the Redis database of streams and keys."""
    return redis.Redis.from_url(
        settings.REDIS_STREAMS_URL,
        decode_responses=True,
        socket_timeout=2,
        socket_connect_timeout=2,
        health_check_interval=30,
        # Once, for a connection that a restarted server has closed; the default's three take half a minute.
        retry=Retry(NoBackoff(), 1),
    )
