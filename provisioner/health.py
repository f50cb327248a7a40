"""The parts of the platform that only the provisioner can see, each with one sentence."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from threading import Lock

import redis
from celery import current_app
from django.conf import settings
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from provisioner.cluster import ClusterError, cluster
from provisioner.operations.tasks import beat_silent_after, since_the_last_sweep
from provisioner.presence import present
from stores.provisioning import Check

PATIENCE_SECONDS = 1.5
_running: dict[str, Future[Check]] = {}
_lock = Lock()
_SILENT = Check(ok=False, message=f"No answer within {PATIENCE_SECONDS:g} seconds.")


def checks() -> Mapping[str, Check]:
    """Ask all of them side by side: one that hangs or breaks must not speak for the others."""
    asked = _asking({"broker": _broker, "cluster": _cluster, "workers": _workers, "beat": _beat})
    wait(asked.values(), timeout=PATIENCE_SECONDS)
    return {name: _answer(future) for name, future in asked.items()}


def _asking(parts: Mapping[str, Callable[[], Check]]) -> dict[str, Future[Check]]:
    """A part that still hangs from the last time is waited for again, and not asked anew on yet another thread."""
    with _lock:
        for name, check in parts.items():
            if name not in _running or _running[name].done():
                _running[name] = _threads().submit(check)
        return {name: _running[name] for name in parts}


def _answer(future: Future[Check]) -> Check:
    if not future.done():
        return _SILENT
    error = future.exception()
    if error is not None:
        # The class alone: messages of drivers can hold addresses and user names.
        return Check(ok=False, message=f"The check failed: {type(error).__name__}.")
    return future.result()


@cache
def _threads() -> ThreadPoolExecutor:
    """One for each part, since none is asked twice at once."""
    return ThreadPoolExecutor(4, thread_name_prefix="health")


def _broker() -> Check:
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=2, transport_options={"socket_timeout": 2}) as line:
            line.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError) as error:
        return Check(ok=False, message=f"The broker can't be reached ({type(error).__name__}).")
    return Check(ok=True, message="The broker takes messages.")


def _cluster() -> Check:
    try:
        version = cluster().version()
    except ClusterError as error:
        return Check(ok=False, message=str(error))
    return Check(ok=True, message=f"Kubernetes {version} answers.")


def _workers() -> Check:
    try:
        served = present()
    except redis.RedisError:
        return Check(ok=False, message="Redis can't be asked which workers are there.")
    missing = [queue for queue in sorted(current_app.amqp.queues) if not served.get(queue)]
    if missing:
        return Check(ok=False, message=f"No worker serves the queue(s) {', '.join(missing)}.")
    return Check(ok=True, message=f"{len(set().union(*served.values()))} worker(s) serve all queues.")


def _beat() -> Check:
    try:
        age = since_the_last_sweep()
    except redis.RedisError:
        return Check(ok=False, message="Redis can't be asked when the last sweep was.")
    if age is None:
        return Check(ok=False, message="No sweep has run: is beat there?")
    return Check(ok=age <= beat_silent_after(), message=f"The last sweep was {age:.0f} s ago.")
