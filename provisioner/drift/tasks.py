"""The sweep of health: two list calls for all stores together, and no write when nothing changed."""

import structlog
from celery import shared_task

from provisioner import labels
from provisioner.cluster import ClusterError, cluster
from provisioner.cluster.kinds import DEPLOYMENT, STATEFUL_SET
from provisioner.drift import health
from provisioner.operations.sweeping import alone
from provisioner.pipelines.steps.workloads import WATCHED
from stores.choices import Phase
from stores.models import Store

log = structlog.get_logger(__name__)


@shared_task(name="provisioner.drift.tasks.sweep_health")
def sweep_health() -> None:
    """Compare every store's workloads with its conditions."""
    with alone("health") as held:
        if not held:
            return
        try:
            seen = _sightings()
        except ClusterError as error:
            log.warning("health not swept", error=str(error))
            return
        changed = sum(health.take(sighting) for sighting in seen)
    if changed:
        log.info("health swept", changed=changed)


def _sightings() -> list[health.Sighting]:
    there: dict[tuple[str, str], health.Sighting] = {}
    for kind in (STATEFUL_SET, DEPLOYMENT):
        for manifest in cluster().list(kind, label_selector=labels.SELECTOR):
            sighting = health.sighting_of({**manifest, "kind": kind.kind})
            if sighting is not None:
                there[sighting.store, sighting.watched.component] = sighting
    settled = Store.objects.not_gone().filter(phase__in=(Phase.READY, Phase.DEGRADED)).values_list("name", flat=True)
    missing = [
        health.Sighting(name, watched, None)
        for name in settled
        for watched in WATCHED
        if (name, watched.component) not in there
    ]
    return [*there.values(), *missing]
