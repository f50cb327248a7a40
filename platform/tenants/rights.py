"""Tells those who listen that somebody's rights have changed; without it they would learn it at the next heartbeat."""

from collections.abc import Iterable

import redis
import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from config.breaker import REDIS

GROUP = "rights"
"""The channel layer's group of all listeners: changes of rights are rare."""

log = structlog.get_logger(__name__)


def changed(users: Iterable[int]) -> None:
    """Once the transaction commits, make these users' listeners look at their rights anew. Users by primary key."""
    told = list(users)
    transaction.on_commit(lambda: _tell(told))


def _tell(users: list[int]) -> None:
    """Losing this is no harm: the heartbeat looks, too."""
    if REDIS.is_open or not users:
        return
    try:
        async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "rights.changed", "users": users})
    except (redis.RedisError, OSError) as error:
        REDIS.trip()
        log.warning("change of rights not told", error=type(error).__name__)
