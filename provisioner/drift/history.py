"""What was done about a store's drift before, as the rows tell."""

from collections.abc import Iterable
from datetime import datetime

from provisioner.drift import claimed
from provisioner.drift.compare import LOST
from provisioner.drift.deciding import Drifted
from provisioner.drift.models import Finding, Verdict
from provisioner.operations.models import Operation, OperationKind, OperationState
from stores.choices import EventType
from stores.models import Store

BY_PERSONS = (
    EventType.RECONCILE_REQUESTED,
    EventType.RETRY_REQUESTED,
    EventType.SPEC_CHANGED,
    EventType.RESUMED,
)
"""Whoever does one of these has taken note, and healing starts anew."""


def drifted(store: Store, findings: Iterable[Finding]) -> list[Drifted]:
    """These findings with the heals of their objects."""
    began = store.events.filter(type__in=BY_PERSONS).order_by("-id").values_list("timestamp", flat=True).first()
    return [_drifted(store, finding, began) for finding in findings]


def _drifted(store: Store, finding: Finding, began: datetime | None) -> Drifted:
    same = Finding.objects.filter(store=store, kind=finding.kind, name=finding.name, healed_by__isnull=False)
    failed = Operation.objects.filter(store=store, kind=OperationKind.HEAL, state=OperationState.FAILED)
    failed = failed.filter(created_at__gte=finding.detected_at)
    times = [
        *same.order_by("-healed_at").values_list("healed_at", flat=True)[:20],
        *failed.values_list("finished_at", flat=True)[:20],
    ]
    heals = tuple(sorted(each for each in times if each is not None and (began is None or each > began)))
    return Drifted(finding.kind, finding.name, finding.verdict, finding.detected_at, heals, _lost(finding))


def _lost(finding: Finding) -> str:
    keys = [each["path"].rpartition("/")[2] for each in finding.differences if each["wanted"] == LOST]
    if finding.kind == claimed.KIND.kind:
        return _LOST_CLAIMS[Verdict(finding.verdict)].format(name=finding.name)
    if keys:
        gone = "is gone" if finding.verdict == Verdict.MISSING else f"has lost {', '.join(keys)}"
        return f"The Secret '{finding.name}' {gone}, and no copy of it was kept: restore it."
    return ""


_LOST_CLAIMS = {
    Verdict.MISSING: "The volume claim '{name}' is gone, and the store's data with it: restore it or delete the store.",
    Verdict.CHANGED: (
        "The volume claim '{name}' was made anew, and its volume is empty: the store's data are lost. Restore them "
        "into it, then reconcile the store, or delete the store."
    ),
}
