"""Whether the loops of a process still turn: each notes when it comes round, and a kubelet asks at `GET /live`.

A process without a port for requests can hang and look well. Asked over HTTP, because a probe that starts Python takes
two seconds of CPU each time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from celery.signals import heartbeat_sent, worker_ready
from django.conf import settings

LOOP_SECONDS = 60.0
"""For loops that turn every few seconds: a node that is busy for a while must not have them restarted."""

_PATIENCE_SECONDS = 2.0

Excuse = Callable[[], bool]


@dataclass
class _Loop:
    seen: float
    within: float
    excuse: Excuse | None


class Pulse:
    """The loops of one process, by name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._loops: dict[str, _Loop] = {}

    def beat(self, loop: str, within: float = LOOP_SECONDS, excuse: Excuse | None = None) -> None:
        """The loop is here, and will be here again `within` seconds, unless `excuse` is true when it isn't."""
        self._loops[loop] = _Loop(self._clock(), within, excuse)

    def complaints(self) -> list[str]:
        """A sentence for each loop that hangs. One that is excused has its whole time again."""
        told = []
        for name, loop in list(self._loops.items()):
            silent = self._clock() - loop.seen
            if silent <= loop.within:
                continue
            if loop.excuse is not None and loop.excuse():
                loop.seen = self._clock()
            else:
                told.append(f"{name} was last seen {silent:.0f} s ago, not within {loop.within:.0f} s.")
        return told


PULSE = Pulse()


def broker_is_away() -> bool:
    """Whether Redis doesn't answer: Celery's loops stand still then, and a restart would not help."""
    client = redis.Redis.from_url(
        settings.REDIS_STREAMS_URL, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError:
        return True
    finally:
        client.close()
    return False


def connect() -> None:
    """Let a worker's event loop say that it turns: it sends a heartbeat every two seconds."""
    worker_ready.connect(_worker_turns, weak=False)
    heartbeat_sent.connect(_worker_turns, weak=False)


def _worker_turns(**_: object) -> None:
    PULSE.beat("The worker's loop", excuse=broker_is_away)
