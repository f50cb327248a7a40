"""The Celery app. Delivery is at least once; what makes that harmless is in `provisioner.pipelines.runner`.

Each setting has its reason; what the pinned versions do when killed was measured (shared/FACTS.md).
"""

import os

from celery import Celery, Task
from celery.signals import setup_logging, task_prerun, worker_process_shutdown
from django.conf import settings
from kombu import Exchange, Queue
from structlog.contextvars import bind_contextvars, clear_contextvars

from config import tracing
from config.beat import schedule
from config.logs import apply_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SOFT_LIMIT_SECONDS = 90
HARD_LIMIT_SECONDS = 120
VISIBILITY_SECONDS = 180

QUEUES = ("provision", "teardown", "drift", "events")
_EXCHANGE = Exchange("storeplane", type="direct")

app = Celery("storeplane", events="config.worker_events:OnceOnly")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    beat_schedule=schedule(),
    beat_scheduler="config.beat:TellingScheduler",
    # Beat looks often enough for its shortest period.
    beat_max_loop_interval=5,
    # The limits in order: a task is asked to stop, then killed, and only then may its message come back. A message
    # that came back earlier would run beside its own first delivery.
    task_soft_time_limit=SOFT_LIMIT_SECONDS,
    task_time_limit=HARD_LIMIT_SECONDS,
    # Acknowledged when done, not when taken: what a killed worker held is delivered again.
    task_acks_late=True,
    # Also when only the pool's child was killed; by default that counts as a failure, and the message is lost. A task
    # that kills its worker would loop for ever, so attempts are counted in our rows (`Step.claims`).
    task_reject_on_worker_lost=True,
    # A worker takes what it works on, so that a second worker finds the rest.
    worker_prefetch_multiplier=1,
    # Results live in PostgreSQL; Celery's would only be a second truth.
    task_ignore_result=True,
    # With True a worker dies when Redis restarts; with False it survives and the task runs once.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # A worker that starts before its broker waits for it.
    broker_connection_retry_on_startup=True,
    # On SIGQUIT (SIGTERM, remapped) wait this long for a step to end, then give it back: the queue has it at once, not
    # after the visibility timeout.
    worker_soft_shutdown_timeout=8.0,
    # A worker with nothing to do has nothing to wait for.
    worker_enable_soft_shutdown_on_idle=False,
    # Ids and names only, never a pickled object.
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="events",
    # A queue for each kind of work, so that nothing waits behind an install. Each has a routing key of its own:
    # queues that share the default key would each get every message.
    task_queues=[Queue(name, _EXCHANGE, routing_key=name) for name in QUEUES],
    # A misspelt queue is an error, not a queue that nobody serves.
    task_create_missing_queues=False,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        # How often a worker looks for messages of dead ones, and that every look counts: with the defaults they came
        # back after 102 s at a timeout of 20 s.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # kombu has no timeout by default: a publish, or a worker, would hang for ever on a half-open connection.
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        # The kernel and the client notice a peer that is gone without a word.
        "socket_keepalive": True,
        "health_check_interval": 20,
        # A timeout is an answer that was lost, not a reason to give the connection up for good.
        "retry_on_timeout": True,
    },
    # Published once, not three times with pauses: whoever publishes has committed already, and the sweep sends again.
    task_publish_retry=False,
    # Tells `/health` that the worker is there (`provisioner.presence`).
    broker_heartbeat=10,
    # Python leaks in libraries are cheaper to outlive than to find.
    worker_max_tasks_per_child=500,
    # Logging is configured once, below.
    worker_hijack_root_logger=False,
    # The schedule is in UTC, as everything here.
    timezone="UTC",
)


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Celery would bring its own format; one platform has one."""
    apply_logging(settings.LOGGING)


@task_prerun.connect
def bind_lines(task: "Task[..., object]", **_: object) -> None:
    """Each line of a task names it, and nothing that the one before was about."""
    clear_contextvars()
    bind_contextvars(task=task.name, task_id=task.request.id)


@worker_process_shutdown.connect
def send_last_spans(**_: object) -> None:
    """A pool's child ends without Python's own exit, and has spans of its own."""
    tracing.close()


app.autodiscover_tasks(
    [
        "provisioner.operations",
        "provisioner.pipelines",
        "provisioner.mirror",
        "provisioner.drift",
        "provisioner.drift.orphans",
        "provisioner.history",
    ],
)
