"""Publishing a Celery message after a commit: tried once, and never an error, because a sweep does the same later."""

import hashlib
import json
from typing import Any

import redis
import structlog
from celery.canvas import Signature
from kombu.exceptions import KombuError

from config.breaker import REDIS
from stores.publish import streams

log = structlog.get_logger(__name__)


def send(message: "Signature[Any]", **options: Any) -> bool:
    """Publish it; false when the broker is away. `options` are those of `apply_async`."""
    if REDIS.is_open:
        return False
    try:
        message.apply_async(**options)
    except (KombuError, redis.RedisError, OSError) as error:
        REDIS.trip()
        log.warning("message not sent, a sweep will do it", task=message.task, error=type(error).__name__)
        return False
    return True


def send_later(message: "Signature[Any]", *, queue: str, seconds: float) -> bool:
    """Publish it for in so many seconds, unless one with the same arguments waits for about as long already.

    A task that asks for itself again would else never be fewer than the times that somebody else asked for it, too.
    """
    try:
        if not streams().set(_waiting_key(message, seconds), 1, nx=True, px=max(1, int(seconds * 1000))):
            return False
    except (redis.RedisError, OSError):
        return False
    return send(message, queue=queue, countdown=seconds)


def _waiting_key(message: "Signature[Any]", seconds: float) -> str:
    arguments = hashlib.sha256(json.dumps([message.args, message.kwargs]).encode()).hexdigest()[:16]
    return f"storeplane:waiting:{message.task}:{arguments}:{int(seconds)}"
