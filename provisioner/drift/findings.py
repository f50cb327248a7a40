"""Writing down what was found, and that it is healed. At most one finding of an object is open at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from provisioner.drift.models import DRIFT, Finding, Verdict
from provisioner.drift.seen import Seen
from provisioner.operations import tallies
from provisioner.operations.models import Operation, OperationKind
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType
from stores.models import Store
from stores.status import HEALING_STOPPED

_NOT_DRIFTED = ConditionChange(ConditionType.DRIFTED, ConditionStatus.FALSE, "AsAskedFor")
_MOST_NAMED = 5


@dataclass(frozen=True)
class Outcome:
    """What writing down changed: findings that are new, that are told otherwise now, and that ended."""

    new: tuple[Finding, ...] = ()
    changed: tuple[Finding, ...] = ()
    ended: tuple[Finding, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.ended)


def open_of(store: Store) -> QuerySet[Finding]:
    """The store's findings that aren't healed, oldest first."""
    return Finding.objects.filter(store=store, healed_at__isnull=True).order_by("detected_at", "id")


def compared(store: Store, seen: Iterable[Seen], *, complete: bool) -> Outcome:
    """What would change by writing these down; nothing is written. `complete` is whether all of the store was seen.

    What isn't among a complete look any more was foreign and went, or is no longer asked for: it ends too.
    """
    known = {(each.kind, each.name): each for each in open_of(store)}
    new, changed, ended = [], [], []
    for each in seen:
        finding = known.pop((each.kind, each.name), None)
        if each.verdict is None:
            ended += [finding] if finding else []
        elif finding is None:
            new.append(_finding(store, each))
        elif _told(finding) != _told(_finding(store, each)):
            finding.verdict, finding.message = each.verdict, each.message
            finding.differences = [difference.as_json() for difference in each.differences]
            changed.append(finding)
    return Outcome(tuple(new), tuple(changed), (*ended, *(known.values() if complete else ())))


def write(outcome: Outcome) -> None:
    """Write it down; runs inside the caller's transaction, with the store's row locked."""
    for finding in outcome.new:
        finding.save(force_insert=True)
        tallies.count_drift(finding.kind)
    for finding in outcome.changed:
        finding.save(update_fields=["verdict", "message", "differences"])
    Finding.objects.filter(pk__in=[each.pk for each in outcome.ended]).update(healed_at=timezone.now())


def close(operation: Operation, findings: Sequence[Finding]) -> None:
    """These were put right by that operation; runs inside the caller's transaction."""
    now = timezone.now()
    hit = Finding.objects.filter(pk__in=[each.pk for each in findings], healed_at__isnull=True)
    closed = list(hit.select_for_update())
    hit.update(healed_at=now, healed_by=operation)
    if operation.kind == OperationKind.HEAL:
        for finding in closed:
            tallies.count_healed(finding.detected_at, now)


def close_all(operation: Operation) -> None:
    """All that an apply of the whole release puts right. Keys that a Secret lost aren't among it."""
    drifted = open_of(operation.store).filter(verdict__in=DRIFT)
    close(operation, list(drifted.exclude(Q(kind="Secret"))))


def condition(store: Store, stopped: str = "") -> ConditionChange:
    """`Drifted` by the findings that are open; `stopped` is the sentence that tells why nothing is done about them."""
    drifted = list(open_of(store).filter(verdict__in=DRIFT))
    if not drifted:
        return _NOT_DRIFTED
    if stopped:
        return ConditionChange(ConditionType.DRIFTED, ConditionStatus.TRUE, HEALING_STOPPED, stopped)
    named = " ".join(each.message for each in drifted[:_MOST_NAMED])
    more = f" And {len(drifted) - _MOST_NAMED} more." if len(drifted) > _MOST_NAMED else ""
    return ConditionChange(ConditionType.DRIFTED, ConditionStatus.TRUE, "Drifted", named + more)


def is_news(store: Store, change: ConditionChange) -> bool:
    """Whether the store's condition isn't so yet. A store that never drifted needn't be told that it hasn't."""
    known = store.conditions.filter(type=change.type).values_list("status", "reason", "message").first()
    if known is None:
        return change.status == ConditionStatus.TRUE
    return known != (change.status, change.reason, change.message)


def _finding(store: Store, seen: Seen) -> Finding:
    return Finding(
        store=store,
        kind=seen.kind,
        namespace="" if seen.kind == "Namespace" else store.namespace,
        name=seen.name,
        verdict=seen.verdict or Verdict.CHANGED,
        differences=[each.as_json() for each in seen.differences],
        message=seen.message,
        detected_at=timezone.now(),
    )


def _told(finding: Finding) -> tuple[object, ...]:
    return finding.verdict, finding.message, finding.differences
