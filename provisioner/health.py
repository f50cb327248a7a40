"""The parts of the platform that only the provisioner can see, each with one sentence."""

from collections.abc import Mapping
from datetime import datetime

import redis
from celery import current_app
from django.conf import settings
from django.utils import timezone
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from stores.provisioning import Check
from stores.publish import streams

from provisioner.cluster import ClusterError, cluster
from provisioner.operations.tasks import BEAT_KEY
from provisioner.presence import present

BEAT_SILENT_AFTER_SECONDS = 45.0


def checks() -> Mapping[str, Check]:
    """Ask all of them, one after the other; each answers or gives up within seconds."""
    return {"broker": _broker(), "cluster": _cluster(), "workers": _workers(), "beat": _beat()}


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
