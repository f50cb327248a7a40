"""A store's present shape for many listeners at once: one reading serves all sockets of this process.

A burst of changes is one reading too, because each is put off by a moment and later changes join it.
"""

import asyncio
import json
from typing import Any

import structlog
from channels.db import database_sync_to_async

from stores.models import Store
from stores.selectors import work_context
from stores.serializers import StoreSerializer

DELAY_SECONDS = 0.3

log = structlog.get_logger(__name__)

Key = tuple[asyncio.AbstractEventLoop, int, str]

_waiting: dict[Key, "asyncio.Task[str | None]"] = {}
_reading: dict[Key, "asyncio.Task[str | None]"] = {}


def soon(tenant: int, name: str) -> "asyncio.Task[str | None]":
    """The message `{"type": "store", ...}` as text, read shortly from now; None when there is no such store any more.

    `tenant` is the primary key, because two tenants' stores can bear one name while the first is being removed.
    """
    key = (asyncio.get_running_loop(), tenant, name)
    task = _waiting.get(key)
    if task is None:
        task = asyncio.create_task(_read_later(key))
        _waiting[key] = task
    return task


async def _read_later(key: Key) -> str | None:
    me = _waiting[key]
    try:
        await _moment()
        # One after the other, so that the older shape is never the last to be told.
        if before := _reading.get(key):
            await asyncio.wait([before])
    finally:
        # From here on a change may come too late for this reading: it starts a new one.
        _waiting.pop(key, None)
    _reading[key] = me
    try:
        body = await database_sync_to_async(_read)(key[1], key[2])
    except Exception:
        # Said once here, and not by each who waits for it; the next change reads anew.
        log.exception("store not read for its listeners", store=key[2])
        return None
    finally:
        _reading.pop(key, None)
    return None if body is None else json.dumps({"type": "store", "store": body})


async def _moment() -> None:
    await asyncio.sleep(DELAY_SECONDS)


def _read(tenant: int, name: str) -> Any:
    stores = Store.objects.filter(tenant=tenant).select_related("tenant").prefetch_related("conditions")
    store = stores.by_name(name)
    if store is None:
        return None
    data = dict(StoreSerializer(store, context=work_context([store])).data)
    return json.loads(json.dumps(data, default=str))
