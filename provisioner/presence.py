"""Which workers are there: each writes its name and queues to Redis with every heartbeat, and the key dies with it."""

from collections import defaultdict
from typing import Any

import redis
from celery.signals import heartbeat_sent, worker_ready, worker_shutdown

from stores.publish import streams

_PREFIX = "storeplane:worker:"
_LIFE_SECONDS = 15


def announce(name: str, queues: list[str]) -> None:
    """Say that a worker is there, for the next seconds."""
    streams().set(f"{_PREFIX}{name}", ",".join(queues), ex=_LIFE_SECONDS)


def present() -> dict[str, set[str]]:
    """Queue → names of the workers that serve it. Raises redis.RedisError."""
    served: dict[str, set[str]] = defaultdict(set)
    keys = list(streams().scan_iter(f"{_PREFIX}*", count=100))
    for key, queues in zip(keys, streams().mget(keys) if keys else [], strict=True):
        for queue in str(queues or "").split(","):
            served[queue].add(str(key).removeprefix(_PREFIX))
    return served


def _announce_from(sender: Any, **_: Any) -> None:
    consumer = getattr(sender, "consumer", None) or sender
    app, hostname = consumer.app, consumer.hostname
    try:
        announce(hostname, sorted(app.amqp.queues.consume_from))
    except redis.RedisError:
        return


def _on_heartbeat(sender: Any, **_: Any) -> None:
    try:
        announce(sender.eventer.hostname, sorted(sender.eventer.app.amqp.queues.consume_from))
    except redis.RedisError:
        return


def connect() -> None:
    """Hook into the worker's life; called where the Celery app is made."""
    worker_ready.connect(_announce_from, weak=False)
    heartbeat_sent.connect(_on_heartbeat, weak=False)
    worker_shutdown.connect(_forget, weak=False)


def _forget(sender: Any, **_: Any) -> None:
    try:
        streams().delete(f"{_PREFIX}{sender.hostname}")
    except redis.RedisError:
        return
