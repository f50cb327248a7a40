"""The sweep of orphans."""

import structlog
from celery import shared_task

from provisioner.cluster import ClusterError, cluster
from provisioner.drift.orphans import sweeping
from provisioner.operations.sweeping import alone

log = structlog.get_logger(__name__)


@shared_task(name="provisioner.drift.orphans.tasks.sweep_orphans")
def sweep_orphans() -> None:
    """Find what is left of stores that are gone. Nothing is removed."""
    with alone("orphans") as held:
        if not held:
            return
        try:
            found = sweeping.sweep(cluster())
        except ClusterError as error:
            log.warning("orphans not swept", error=str(error))
            return
    if found:
        log.warning("orphans", found=found)
