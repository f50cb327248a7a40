"""The Celery app. Delivery is at least once; what makes that harmless is in `provisioner.pipelines.runner`.

Each setting has its reason; what the pinned versions do when killed was measured (shared/FACTS.md).
"""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from kombu import Exchange, Queue

from config.beat import schedule
from config.logs import apply_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SOFT_LIMIT_SECONDS = 90
HARD_LIMIT_SECONDS = 120
VISIBILITY_SECONDS = 180

QUEUES = ("provision", "teardown", "drift", "events")
_EXCHANGE = Exchange("storeplane", type="direct")

app = Celery("storeplane")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    beat_schedule=schedule(),
    # Beat looks often enough for its shortest period.
    beat_max_loop_interval=5,
    # The limits in order: a task is asked to stop, then killed, and only then may its message come back.
    task_soft_time_limit=SOFT_LIMIT_SECONDS,
    task_time_limit=HARD_LIMIT_SECONDS,
    # Acknowledged when done, and given back when the process that held it dies: attempts are counted in our rows.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # A worker takes what it works on, so that a second worker finds the rest.
    worker_prefetch_multiplier=1,
    # Results live in PostgreSQL; Celery's would only be a second truth.
    task_ignore_result=True,
    # With True a worker dies when Redis restarts; with False it survives and the task runs once.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    # On SIGTERM wait this long for a step to end, then give it back.
    worker_soft_shutdown_timeout=8.0,
    worker_enable_soft_shutdown_on_idle=False,
    # Ids and names only, never a pickled object.
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="events",
    # A queue for each kind of work, so that nothing waits behind an install. Each has a routing key of its own:
    # queues that share the default key would each get every message.
    task_queues=[Queue(name, _EXCHANGE, routing_key=name) for name in QUEUES],
    task_create_missing_queues=False,
    # One Redis connection that hangs must not hang the worker: kombu has no timeout by default.
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 20,
        "retry_on_timeout": True,
    },
    # Published once, not three times with pauses: whoever publishes has committed already, and the sweep sends again.
    task_publish_retry=False,
    broker_heartbeat=10,
    # Python leaks in libraries are cheaper to outlive than to find.
    worker_max_tasks_per_child=500,
    worker_hijack_root_logger=False,
    timezone="UTC",
)


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Celery would bring its own format; one platform has one."""
    apply_logging(settings.LOGGING)


app.autodiscover_tasks(
    ["provisioner.operations", "provisioner.pipelines", "provisioner.mirror", "provisioner.drift"],
)
