"""The platform's own Celery app with two tasks that count: one returns, one dies."""

import os
import signal

import django

from config.celery import app

django.setup()

from provisioner.cluster.transport import REQUESTS  # noqa: E402 - needs Django


@app.task(name="tests.count")
def count() -> None:
    """As a request to the cluster would."""
    REQUESTS.labels("get", "teapots", "200").inc()


# Acknowledged when taken: it would be delivered again for ever.
@app.task(name="tests.count_and_die", acks_late=False)
def count_and_die() -> None:
    """The same, and SIGKILL for the process that runs it."""
    REQUESTS.labels("get", "teapots", "200").inc()
    os.kill(os.getpid(), signal.SIGKILL)
