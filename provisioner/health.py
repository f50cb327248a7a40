"""The parts of the platform that only the provisioner can see, each with one sentence."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from functools import cache

import redis
from celery import current_app
from django.conf import settings
from django.utils import timezone
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from provisioner.cluster import ClusterError, cluster
from provisioner.operations.tasks import BEAT_KEY
from provisioner.presence import present
from stores.provisioning import Check
from stores.publish import streams

BEAT_SILENT_AFTER_SECONDS = 45.0
PATIENCE_SECONDS = 1.5
_SILENT = Check(ok=False, message=f"No answer within {PATIENCE_SECONDS:g} seconds.")


def checks() -> Mapping[str, Check]:
    """Ask all of them side by side: one that hangs must not speak for the others."""
    parts = {"broker": _broker, "cluster": _cluster, "workers": _workers, "beat": _beat}
    asked = {name: _threads().submit(check) for name, check in parts.items()}
    wait(asked.values(), timeout=PATIENCE_SECONDS)
    return {name: answer.result() if answer.done() else _SILENT for name, answer in asked.items()}


@cache
def _threads() -> ThreadPoolExecutor:
    """Enough for a check that still hangs from the last time; those calls end by timeouts of their own."""
    return ThreadPoolExecutor(8, thread_name_prefix="health")


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
        last = streams().get(BEAT_KEY)
    except redis.RedisError:
        return Check(ok=False, message="Redis can't be asked when the last sweep was.")
    if last is None:
        return Check(ok=False, message="No sweep has run: is beat there?")
    age = (timezone.now() - datetime.fromisoformat(str(last))).total_seconds()
    return Check(ok=age <= BEAT_SILENT_AFTER_SECONDS, message=f"The last sweep was {age:.0f} s ago.")
