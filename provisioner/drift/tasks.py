"""The messages of drift and health: one store to be judged, and the two sweeps over all of them."""

import structlog
from celery import shared_task
from structlog.contextvars import bound_contextvars

from config import tracing
from provisioner.cluster import ClusterError, cluster
from provisioner.drift import health, judging, sweeping
from provisioner.messages import send, send_later
from provisioner.operations.sweeping import alone

SWEEP_SOFT_SECONDS, SWEEP_HARD_SECONDS = 150, 170
"""A sweep of drift may take longer than other tasks, and less than the broker waits before it delivers again."""

LONGEST_COUNTDOWN_SECONDS = 60.0

log = structlog.get_logger(__name__)


@shared_task(name="provisioner.drift.tasks.judge_drift")
def judge_drift(store: str, objects: list[list[str]] | None = None) -> None:
    """Judge these objects (kind and name) of a store, or all of them."""
    named = None if objects is None else [(kind, name) for kind, name in objects]
    try:
        with (
            bound_contextvars(store=store),
            tracing.span("drift judge", {"storeplane.store": store}, kind="consumer"),
        ):
            again = judging.judge(cluster(), store, named)
    except ClusterError as error:
        log.warning("drift not judged, the sweep will see to it", store=store, error=str(error))
        return
    # What is due later than a message may be put off is due at one of the next sweeps.
    if again is not None and again <= LONGEST_COUNTDOWN_SECONDS:
        send_later(judge_drift.s(store, objects), queue="drift", seconds=again)


@shared_task(
    name="provisioner.drift.tasks.sweep_drift", soft_time_limit=SWEEP_SOFT_SECONDS, time_limit=SWEEP_HARD_SECONDS
)
def sweep_drift() -> None:
    """Compare all stores with the cluster, and have judged what looks drifted."""
    with alone("drift") as held:
        if not held:
            return
        try:
            with tracing.span("drift sweep", {}, kind="consumer") as span:
                suspects = sweeping.suspects(cluster())
                span.note({"storeplane.suspects": len(suspects)})
        except ClusterError as error:
            log.warning("drift not swept", error=str(error))
            return
    for store, objects in suspects.items():
        send(judge_drift.s(store, None if objects is None else sorted(map(list, objects))), queue="drift")
    for unjudged in judging.no_longer_judged():
        judging.forget(unjudged)
    if suspects:
        log.info("drift swept", suspects=len(suspects))


@shared_task(name="provisioner.drift.tasks.sweep_health")
def sweep_health() -> None:
    """Compare every store's workloads with its conditions."""
    with alone("health") as held:
        if not held:
            return
        try:
            with tracing.span("health sweep", {}, kind="consumer"):
                seen = health.look(cluster())
        except ClusterError as error:
            log.warning("health not swept", error=str(error))
            return
        changed = sum(health.take(sighting) for sighting in seen)
    if changed:
        log.info("health swept", changed=changed)
