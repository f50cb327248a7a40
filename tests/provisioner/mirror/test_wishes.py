"""What a resource wishes, and who wins: decisions as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provisioner.mirror.wishes import (
    Known,
    Need,
    Sides,
    need,
    new_store,
    problem_with,
    set_by_others,
    was_written,
    wished,
)

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
LATER = NOON + timedelta(seconds=1)
RECORD = {
    "tenant": "acme",
    "engine": "medusa",
    "plan": "small",
    "displayName": "shop",
    "driftPolicy": "heal",
    "ignoreDifferences": [],
    "suspend": False,
    "deletionProtection": False,
}


def compare(
    base: dict[str, Any] | None = RECORD,
    theirs: dict[str, Any] | None = None,
    ours: dict[str, Any] | None = None,
    *,
    set_at: datetime | None = LATER,
    ours_at: datetime = NOON,
) -> dict[str, Any]:
    """The wishes of a resource whose `theirs` somebody else has set at `set_at`."""
    theirs = theirs or {}
    times = dict.fromkeys(theirs, set_at) if set_at else {}
    return wished(Sides(base, RECORD | theirs, RECORD | (ours or {}), times, ours_at))


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("plan", "large", "plan"),
        ("displayName", "Shop", "display_name"),
        ("driftPolicy", "warn", "drift_policy"),
        ("ignoreDifferences", [{"kind": "Deployment"}], "ignore_differences"),
        ("suspend", True, "suspended"),
        ("deletionProtection", True, "deletion_protection"),
    ],
)
def test_what_somebody_else_has_changed_is_a_wish(field: str, value: Any, name: str) -> None:
    assert compare(theirs={field: value}) == {name: value}


@pytest.mark.parametrize(
    ("case", "wish"),
    [
        ({}, {}),
        # Nobody else has touched the field: it is our own write, and its row was lost with its writer.
        ({"theirs": {"plan": "large"}, "set_at": None}, {}),
        # The record alone has changed.
        ({"ours": {"plan": "large"}}, {}),
        # Both, to the same.
        ({"theirs": {"plan": "large"}, "ours": {"plan": "large"}}, {}),
        # Both, to different ones: the later wins, and the record when nobody can tell.
        ({"theirs": {"plan": "large"}, "ours": {"plan": "medium"}}, {"plan": "large"}),
        ({"theirs": {"plan": "large"}, "ours": {"plan": "medium"}, "ours_at": LATER + timedelta(seconds=1)}, {}),
        ({"theirs": {"plan": "large"}, "ours": {"plan": "medium"}, "ours_at": LATER}, {}),
        # Of two fields each goes its own way.
        (
            {"theirs": {"plan": "large", "suspend": True}, "ours": {"plan": "medium"}, "ours_at": LATER},
            {"suspended": True},
        ),
        # A resource that was never written: what the API server has filled in is nobody's wish.
        ({"base": None, "theirs": {"driftPolicy": "heal"}, "ours": {"driftPolicy": "off"}}, {}),
        ({"base": None, "theirs": {"plan": "large"}}, {"plan": "large"}),
        ({"base": None, "theirs": {"plan": "large"}, "ours_at": LATER}, {}),
    ],
)
def test_the_later_wish_wins(case: dict[str, Any], wish: dict[str, Any]) -> None:
    assert compare(**case) == wish


def test_a_field_that_was_taken_out_is_no_wish() -> None:
    theirs = {name: value for name, value in RECORD.items() if name != "plan"}

    assert wished(Sides(RECORD, theirs, RECORD, {"plan": LATER}, NOON)) == {}


def entry(manager: str, time: datetime, *fields: str, **more: str) -> dict[str, Any]:
    spec = {f"f:{field}": {} for field in fields}
    stamp = time.isoformat().replace("+00:00", "Z")
    return {"manager": manager, "operation": "Update", "time": stamp, "fieldsV1": {"f:spec": spec}, **more}


def resource(*entries: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    given = {"name": "shop", "uid": "u1", "generation": 2, "managedFields": list(entries)}
    return {"metadata": given | metadata, "spec": dict(RECORD)}


def test_the_time_of_a_field_is_that_of_its_newest_other_manager() -> None:
    seen = resource(
        entry("kubectl", NOON, "plan", "suspend"),
        entry("argocd", LATER, "plan"),
        entry("storeplane", LATER, "displayName"),
        entry("kubectl", LATER, "driftPolicy", subresource="status"),
    )

    assert set_by_others(seen) == {"plan": LATER, "suspend": NOON}


def test_a_resource_that_we_applied_belongs_to_a_store() -> None:
    ours = entry("storeplane", NOON, "plan", operation="Apply")

    assert was_written(resource(ours))
    assert not was_written(resource({**ours, "subresource": "status"}))
    assert not was_written(resource(entry("kubectl", NOON, "plan", operation="Apply")))


KNOWN = Known(spec=RECORD, uid="u1", generation=1, base=RECORD, changed_at=NOON)
WISH = resource(entry("kubectl", LATER, "plan")) | {"spec": {**RECORD, "plan": "large"}}
DELETED = resource(deletionTimestamp="2026-01-02T12:00:00Z")


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        (None, replace(KNOWN, uid=""), Need.WRITE),
        (None, KNOWN, Need.RESTORE),
        (None, replace(KNOWN, going=True), Need.WRITE),
        (None, replace(KNOWN, uid="", wish_uid="u1"), Need.TEAR_DOWN),
        (None, replace(KNOWN, uid="", wish_uid="u1", going=True), Need.LEAVE),
        (resource(), KNOWN, Need.WRITE),
        (WISH, KNOWN, Need.ADOPT),
        (WISH, replace(KNOWN, generation=2), Need.WRITE),
        (WISH, replace(KNOWN, uid="u0", generation=2), Need.ADOPT),
        (WISH, replace(KNOWN, going=True), Need.ADOPT),
        (WISH, replace(KNOWN, going=True, uid="u0"), Need.LEAVE),
        (DELETED, KNOWN, Need.TEAR_DOWN),
        (DELETED, replace(KNOWN, protected_told=True), Need.WRITE),
        (WISH | {"metadata": WISH["metadata"] | {"deletionTimestamp": "x"}}, KNOWN, Need.ADOPT),
        (DELETED, replace(KNOWN, going=True), Need.WRITE),
        (WISH | {"spec": {**RECORD, "tenant": "other"}}, KNOWN, Need.REPLACE),
        (WISH | {"spec": {**RECORD, "engine": "woocommerce"}}, KNOWN, Need.REPLACE),
        (WISH | {"spec": {"engine": "medusa"}}, replace(KNOWN, uid=""), Need.WRITE),
    ],
)
def test_what_a_look_asks_for(found: Any, known: Known, expected: Need) -> None:
    assert need(found, known) == expected


@pytest.mark.parametrize(
    ("spec", "word"),
    [({"plan": "huge"}, "huge"), ({"driftPolicy": "maybe"}, "maybe"), ({"displayName": "x" * 201}, "200")],
)
def test_what_another_version_of_the_definition_lets_in_is_refused(spec: Any, word: str) -> None:
    assert word in str(problem_with(RECORD | spec))
    assert problem_with(RECORD) is None
    assert problem_with({"engine": "medusa"}) is None


def test_a_new_resource_asks_for_a_store() -> None:
    asked = new_store(
        {"metadata": {"name": "shop"}, "spec": {"engine": "medusa", "plan": "large", "suspend": True}}, "acme"
    )

    assert (asked.tenant, asked.spec.name, asked.spec.plan, asked.spec.display_name) == ("acme", "shop", "large", "")
    assert asked.then == {"suspended": True}
