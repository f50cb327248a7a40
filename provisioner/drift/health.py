"""Health is not drift: a pod that crashes makes a store Degraded, and nothing is "healed" because of it.

The watcher and the sweep bring what they see here; the judgement is the same and either alone is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from django.db import transaction
from django.db.models import Exists, OuterRef

from provisioner import labels, workloads
from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import DEPLOYMENT, STATEFUL_SET
from provisioner.operations.models import ACTIVE, Operation, OperationKind
from provisioner.pipelines.steps.workloads import WATCHED, Watched
from stores.changes import Change, ConditionChange, apply_change
from stores.choices import STEP_CONDITIONS, ConditionStatus, EventType, Phase
from stores.models import Condition, Store, StoreQuerySet
from stores.status import Activity

_SERVING = (Phase.READY, Phase.DEGRADED)
"""Phases that follow from the conditions."""


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


def look(cluster: Cluster) -> list[Sighting]:
    """What the cluster shows of idle stores that their records don't say yet: two lists and two queries for all.

    Raises ClusterError.
    """
    # Before the cluster is asked: whoever is idle by now has workloads, unless its birth failed or somebody took them
    # away.
    idle = set(_idle().values_list("name", flat=True))
    there: dict[tuple[str, str], Sighting] = {}
    for kind in (STATEFUL_SET, DEPLOYMENT):
        for manifest in cluster.list(kind, label_selector=labels.SELECTOR):
            sighting = sighting_of({**manifest, "kind": kind.kind})
            if sighting is not None:
                there[sighting.store, sighting.watched.component] = sighting
    for name, watched in product(idle, WATCHED):
        there.setdefault((name, watched.component), Sighting(name, watched, None))
    conditions = Condition.objects.filter(store__in=_idle()).values_list("store__name", "type", "status")
    known = {(name, kind): status for name, kind, status in conditions}
    return [each for each in there.values() if each.store in idle and _is_news(each, known)]


def _idle() -> StoreQuerySet:
    """Stores whose conditions nobody else brings in line; of those that failed or are suspended the phase stays.

    What runs under the name of one that waits for it is an earlier store's, perhaps another tenant's.
    """
    phases = (*_SERVING, Phase.FAILED, Phase.SUSPENDED)
    earlier = Store.objects.not_gone().filter(name=OuterRef("name"), pk__lt=OuterRef("pk"))
    return Store.objects.not_gone().filter(~Exists(earlier), deletion_requested_at=None, phase__in=phases)


def _is_news(sighting: Sighting, known: Mapping[tuple[str, str], str]) -> bool:
    """Whether `take` would change something, as far as can be told without the lock."""
    change = judge(sighting)
    return known.get((sighting.store, change.type)) != change.status


def take(sighting: Sighting) -> bool:
    """Bring the record in line with what was seen; true when that changed something.

    A store that is being worked on is left to its operation: the step that waits sees the same for itself. A heal
    waits for nothing, so what happens to a workload during one is taken here.
    """
    change = judge(sighting)
    with transaction.atomic():
        store = _idle().filter(name=sighting.store).select_for_update(no_key=True).first()
        if store is None:
            return False
        active = Operation.objects.filter(store=store, state__in=ACTIVE).values_list("kind", flat=True).first()
        if active not in (None, OperationKind.HEAL):
            return False
        known = store.conditions.filter(type=change.type).values_list("status", flat=True).first()
        if known == change.status:
            return False
        apply_change(store.pk, _activity(store, healing=active is not None), _as_change(store, change))
    return True


def _activity(store: Store, *, healing: bool) -> Activity:
    if store.phase == Phase.FAILED:
        return Activity.FAILED
    return Activity.HEALING if healing else Activity.NONE


def _as_change(store: Store, change: ConditionChange) -> Change:
    if store.phase not in _SERVING:
        return Change(None, conditions=(change,))
    if change.status == ConditionStatus.FALSE:
        return Change(EventType.STORE_DEGRADED, change.message, conditions=(change,))
    others = store.conditions.filter(type__in=STEP_CONDITIONS).exclude(type=change.type)
    if others.exclude(status=ConditionStatus.TRUE).exists():
        return Change(None, "", conditions=(change,))
    return Change(EventType.STORE_RECOVERED, f"{store.label} is ready again at {store.url}", conditions=(change,))
