"""Tools that wait (kubectl wait, Flux, Argo CD, kstatus) read a resource right."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provisioner.mirror import document
from provisioner.mirror.document import Facts
from provisioner.mirror.verdicts import Verdict, conditions_of_refused
from stores.choices import STEP_CONDITIONS, ConditionStatus
from stores.models import Condition, Store
from stores.status import SUMMARY_TYPES, Activity, summarise
from stores.status import Facts as StoreFacts
from tenants.models import Tenant

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def kstatus(resource: dict[str, Any], generation: int = 1) -> str:
    """What kstatus computes for a custom resource (cli-utils, pkg/kstatus/status/generic.go and status.go)."""
    if resource["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = resource.get("status", {})
    if status.get("observedGeneration") not in (None, generation):
        return "InProgress"
    by_type = {each["type"]: each["status"] for each in status.get("conditions", [])}
    if by_type.get("Reconciling") == "True":
        return "InProgress"
    if by_type.get("Stalled") == "True":
        return "Failed"
    return "Current" if by_type.get("Ready", "True") == "True" else "InProgress"


def shown(activity: Activity, *, complete: bool = True) -> dict[str, Any]:
    """The document of a store of which that is true."""
    steps = dict.fromkeys(STEP_CONDITIONS, ConditionStatus.TRUE if complete else ConditionStatus.FALSE)
    summary = summarise(StoreFacts(activity, steps))
    verdicts = zip(SUMMARY_TYPES, (summary.ready, summary.reconciling, summary.stalled), strict=True)
    conditions = [
        Condition(type=type_, status=verdict.status, reason=verdict.reason, last_transition_time=NOON)
        for type_, verdict in verdicts
    ]
    store = Store(name="shop", tenant=Tenant(slug="acme"), phase=summary.phase, created_at=NOON)
    return document.status(Facts(store, conditions, [], generation=1))


@pytest.mark.parametrize(
    ("activity", "complete", "expected"),
    [
        (Activity.QUEUED, False, "InProgress"),
        (Activity.PROVISIONING, False, "InProgress"),
        (Activity.NONE, True, "Current"),
        (Activity.CHANGE_QUEUED, True, "InProgress"),
        (Activity.CHANGING, True, "InProgress"),
        (Activity.FAILED, False, "Failed"),
        (Activity.NONE, False, "InProgress"),
        (Activity.DELETING, True, "InProgress"),
        (Activity.DELETE_BLOCKED, True, "Failed"),
    ],
)
def test_a_store_is_read_as_it_stands(activity: Activity, complete: bool, expected: str) -> None:
    assert kstatus(shown(activity, complete=complete)) == expected


def test_a_wish_that_was_not_seen_yet_is_in_progress() -> None:
    assert kstatus(shown(Activity.NONE), generation=2) == "InProgress"


@pytest.mark.parametrize(("reason", "expected"), [("QuotaExceeded", "InProgress"), ("TenantUnknown", "Failed")])
def test_a_refused_resource_is_never_current(reason: str, expected: str) -> None:
    verdict = Verdict(False, reason, "No.", 1, "2026-01-02T12:00:00Z")
    told = {"observedGeneration": 1, "conditions": conditions_of_refused(verdict, [])}

    assert kstatus(document.status_of("shop", told)) == expected
