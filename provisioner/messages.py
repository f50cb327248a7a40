"""Publishing a Celery message after a commit: tried once, and never an error, because a sweep does the same later."""

from typing import Any

import redis
import structlog
from celery.canvas import Signature
from kombu.exceptions import KombuError

from config.breaker import REDIS

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
