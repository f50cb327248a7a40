"""The judge of one store: look, write down what is new, and start what follows from it."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from provisioner import safekeeping
from provisioner.cluster import Cluster
from provisioner.drift import claimed, desired, findings, history
from provisioner.drift.deciding import Action, Next, decide
from provisioner.drift.desired import Record, Standing
from provisioner.drift.examining import Examiner, Object
from provisioner.drift.findings import Outcome
from provisioner.drift.models import DRIFT, Finding
from provisioner.drift.seen import RELEASE_KIND, Seen
from provisioner.operations import transitions
from provisioner.operations.models import ACTIVE, Operation, OperationKind
from provisioner.pipelines.chain import send_chain
from provisioner.pipelines.definitions import PIPELINES
from stores.changes import Change, apply_change
from stores.choices import DriftPolicy, EventType, Phase
from stores.models import Store, StoreQuerySet
from stores.provisioning import provisioner
from stores.services.work import activity_of
from stores.status import Activity

WHOLE = {"Namespace", RELEASE_KIND}
LEAVING_SECONDS = 5.0
"""How often a store is looked at whose namespace somebody has deleted, until it is gone."""

log = structlog.get_logger(__name__)


def judged_stores() -> StoreQuerySet:
    """Stores whose drift is judged: settled, not paused, and not of the policy `off`. Failed ones wait for a person."""
    living = Store.objects.not_gone().filter(deletion_requested_at__isnull=True, suspended=False)
    settled = living.filter(phase__in=(Phase.READY, Phase.DEGRADED), ready_at__isnull=False)
    return settled.exclude(drift_policy=DriftPolicy.OFF)


def no_longer_judged() -> StoreQuerySet:
    """Stores of the policy `off` with findings from before, unless they have failed or are worked on: what is forgotten
    of one has its phase worked out as that of a store to which nothing is done."""
    off = Store.objects.not_gone().filter(drift_policy=DriftPolicy.OFF, deletion_requested_at__isnull=True)
    found = Finding.objects.filter(store=OuterRef("pk"), healed_at__isnull=True)
    active = Operation.objects.filter(store=OuterRef("pk"), state__in=ACTIVE)
    at_rest = off.filter(phase__in=(Phase.READY, Phase.DEGRADED, Phase.SUSPENDED))
    return at_rest.filter(Exists(found)).exclude(Exists(active))


def judge(cluster: Cluster, name: str, objects: Iterable[Object] | None = None) -> float | None:
    """Judge a store's objects, all of them or only those that are named; raises ClusterError.

    The number of seconds after which it should be judged again, None when that needs nobody's asking.
    """
    store = judged_stores().select_related("tenant").filter(name=name).first()
    if store is None:
        return None
    active = Operation.objects.filter(store=store, state__in=ACTIVE).values_list("kind", flat=True).first()
    if active is not None:
        # A heal is over soon, and may have looked before this change; anything else restores the whole store.
        return 1.0 if active == OperationKind.HEAL else None
    claimed.accept(store)
    standing = desired.look(cluster, store)
    if standing.record == Record.UNSETTLED:
        return None
    named = None if objects is None or standing.record == Record.MISSING else sorted(set(objects))
    if named is not None and any(kind in WHOLE for kind, _ in named):
        named = None
    examiner = Examiner(cluster, store, standing)
    seen = examiner.look(named)
    if seen is None:
        return LEAVING_SECONDS
    if examiner.unkept is not None:
        # A store from before there were copies, or one whose copy somebody deleted.
        if not judged_stores().filter(pk=store.pk).exists():
            return None
        safekeeping.keep(cluster, store, examiner.unkept)
    return _settle(store, standing, seen, complete=named is None)


def forget(store: Store) -> None:
    """Nothing is judged of this store any more: what was found stands no longer."""
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=store.pk)
        if not no_longer_judged().filter(pk=store.pk).exists():
            return  # work on it was begun since, or it is to be judged again
        outcome = findings.compared(store, (), complete=True)
        findings.write(outcome)
        if outcome:
            apply_change(store.pk, Activity.NONE, Change(None, conditions=(findings.condition(store),)))


def _settle(store: Store, standing: Standing, seen: list[Seen], *, complete: bool) -> float | None:
    """Write down and start what is next, as one act; nothing at all is written when nothing is new."""
    now = timezone.now()
    outcome = findings.compared(store, seen, complete=complete)
    if not outcome:
        following = _next(store, standing, now)
        news = findings.is_news(store, findings.condition(store, following.sentence))
        if following.action not in (Action.HEAL, Action.RESTORE) and not news:
            return following.delay or None
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=store.pk)
        still = judged_stores().select_related("tenant").filter(pk=store.pk).first()
        if still is None or Operation.objects.filter(store=store, state__in=ACTIVE).exists():
            return None
        # Another judge may have written the same since.
        outcome = findings.compared(still, seen, complete=complete)
        findings.write(outcome)
        following = _next(still, standing, now)
        _tell(still, outcome, following)
        _act(still, following)
    return following.delay or None


def _next(store: Store, standing: Standing, now: datetime) -> Next:
    drifted = history.drifted(store, findings.open_of(store).filter(verdict__in=DRIFT))
    asked_for = sum(len(by_name) for by_name in standing.manifests.values())
    return decide(drifted, heals=store.drift_policy == DriftPolicy.HEAL, asked_for=asked_for, now=now)


def _tell(store: Store, outcome: Outcome, following: Next) -> None:
    """One event for each new finding, and the condition with the last word."""
    for finding in outcome.new:
        apply_change(store.pk, Activity.NONE, Change(EventType.DRIFT_DETECTED, finding.message))
        log.info("drift detected", store=store.name, kind=finding.kind, name=finding.name, verdict=finding.verdict)
    condition = findings.condition(store, following.sentence)
    if not findings.is_news(store, condition):
        return
    event = EventType.HEAL_STOPPED if following.action == Action.STOP else None
    apply_change(store.pk, Activity.NONE, Change(event, following.sentence, conditions=(condition,)))


def _act(store: Store, following: Next) -> None:
    named = ", ".join(f"{each.kind} '{each.name}'" for each in following.objects)
    if following.action == Action.HEAL:
        operation = transitions.create(store, OperationKind.HEAL, [step.name for step in _HEAL.steps], "")
        transitions.start(operation)
        apply_change(store.pk, Activity.HEALING, Change(EventType.SELF_HEAL, f"Putting right: {named}."))
        send_chain(operation)
        log.info("healing", store=store.name, objects=named, operation=str(operation.pk))
    elif following.action == Action.RESTORE:
        view = provisioner().start_work(store)
        apply_change(store.pk, activity_of(view), Change(EventType.SELF_HEAL, f"Restoring the store: {named} missing."))
        log.info("restoring", store=store.name, objects=named)


_HEAL = PIPELINES[OperationKind.HEAL]
