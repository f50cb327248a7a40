"""Celery's events (a worker's heartbeats), sent once.

Celery tries a heartbeat again for ever, inside the worker's only loop: a worker whose broker is gone would not hear
that it is to stop and would stay until it is killed. A heartbeat isn't worth waiting for; another comes soon.
What couldn't be sent waits in the dispatcher's own buffer until the consumer has the broker again.
"""

from typing import Any

from celery.app.events import Events
from celery.events.dispatcher import EventDispatcher


class Dispatcher(EventDispatcher):
    """Publishes without trying again, whatever the caller asks for."""

    def _publish(self, event: Any, producer: Any, routing_key: str, retry: bool = False, **more: Any) -> None:
        # Celery's stubs don't know it.
        super()._publish(event, producer, routing_key, retry=False, **more)  # type: ignore[misc]


class OnceOnly(Events):
    """`app.events` of Storeplane's app."""

    dispatcher_cls = "config.worker_events:Dispatcher"
