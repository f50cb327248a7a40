"""The sweep of history."""

import structlog
from celery import shared_task

from provisioner.history import forgetting
from provisioner.operations.sweeping import alone

log = structlog.get_logger(__name__)


@shared_task(name="provisioner.history.tasks.sweep_history")
def sweep_history() -> None:
    """Remove what happened long ago."""
    with alone("history") as held:
        if not held:
            return
        removed = forgetting.forget()
    if any(removed.values()):
        log.info("history swept", **removed)
