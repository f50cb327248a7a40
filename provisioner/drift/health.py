"""Health is not drift: a pod that crashes makes a store Degraded, and nothing is "healed" because of it.

The watcher and the sweep bring what they see here; the judgement is the same and either alone is enough.
"""

from dataclasses import dataclass

from django.db import transaction

from provisioner import labels, workloads
from provisioner.cluster import Manifest
from provisioner.operations.models import ACTIVE, Operation, OperationKind
from provisioner.pipelines.steps.workloads import WATCHED, Watched
from stores.changes import Change, ConditionChange, apply_change
from stores.choices import STEP_CONDITIONS, ConditionStatus, EventType, Phase
from stores.models import Store
from stores.status import Activity


@dataclass(frozen=True)
class Sighting:
    """A store's workload as it was just seen; `manifest` is None for one that isn't there."""

    store: str
    watched: Watched
    manifest: Manifest | None


def sighting_of(manifest: Manifest, *, deleted: bool = False) -> Sighting | None:
    """What an object tells about a store, or None when it isn't a workload that a store's conditions speak of."""
    store = manifest["metadata"].get("labels", {}).get(labels.STORE_LABEL)
    for watched in WATCHED:
        if (watched.kind.kind, watched.name) == (manifest.get("kind"), manifest["metadata"]["name"]) and store:
            return Sighting(store, watched, None if deleted else manifest)
    return None


def judge(sighting: Sighting) -> ConditionChange:
    """The condition that the sighting means."""
    component = sighting.watched.component
    if sighting.manifest is None:
        message = f"The {component} is missing from the cluster."
        return ConditionChange(sighting.watched.condition, ConditionStatus.FALSE, "WorkloadMissing", message)
    if workloads.is_serving(sighting.manifest):
        return ConditionChange(sighting.watched.condition, ConditionStatus.TRUE, "WorkloadReady")
    message = f"No replica of the {component} is ready."
    return ConditionChange(sighting.watched.condition, ConditionStatus.FALSE, "WorkloadNotReady", message)


def take(sighting: Sighting) -> bool:
    """Bring the record in line with what was seen; true when that changed something.

    A store that is being worked on is left to its operation: the step that waits sees the same for itself. A heal
    waits for nothing, so what happens to a workload during one is taken here.
    """
    change = judge(sighting)
    with transaction.atomic():
        stores = Store.objects.filter(deletion_requested_at__isnull=True, name=sighting.store)
        store = stores.select_for_update(no_key=True).first()
        if store is None or store.phase not in (Phase.READY, Phase.DEGRADED):
            return False
        active = Operation.objects.filter(store=store, state__in=ACTIVE).values_list("kind", flat=True).first()
        if active not in (None, OperationKind.HEAL):
            return False
        known = store.conditions.filter(type=change.type).values_list("status", flat=True).first()
        if known == change.status:
            return False
        activity = Activity.HEALING if active else Activity.NONE
        apply_change(store.pk, activity, _as_change(store, change))
    return True


def _as_change(store: Store, change: ConditionChange) -> Change:
    if change.status == ConditionStatus.FALSE:
        return Change(EventType.STORE_DEGRADED, change.message, conditions=(change,))
    others = store.conditions.filter(type__in=STEP_CONDITIONS).exclude(type=change.type)
    if others.exclude(status=ConditionStatus.TRUE).exists():
        return Change(None, "", conditions=(change,))
    return Change(EventType.STORE_RECOVERED, f"{store.label} is ready again at {store.url}", conditions=(change,))
