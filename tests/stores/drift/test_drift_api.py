"""Drift over HTTP: what differs as a person reads it, and the rules of what is ignored."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from provisioner.drift.models import Finding, Verdict
from stores.models import DriftRule, Store
from tenants.models import AuditEntry
from tests.people import WISH, as_user, traces

pytestmark = pytest.mark.django_db

DRIFT = "/stores/tea-shop/drift"
RULES = f"{DRIFT}/rules"
REPLICAS = {"kind": "Deployment", "name": "store-*", "pointer": "/spec/replicas", "manager": "kubectl-scale"}


@pytest.fixture
def ann() -> APIClient:
    client = as_user("ann")
    client.post("/stores", WISH)
    return client


def finding(name: str = "store-backend", **values: Any) -> Finding:
    given = {
        "store": Store.objects.get(name="tea-shop"),
        "kind": "Deployment",
        "namespace": "store-tea-shop",
        "name": name,
        "verdict": Verdict.CHANGED,
        "message": f"Deployment {name} was changed.",
        "differences": [{"path": "/spec/replicas", "wanted": 1, "found": 3}],
        "detected_at": timezone.now(),
    }
    return Finding.objects.create(**given | values)


def test_a_store_links_to_its_drift_and_that_to_its_rules(ann: APIClient) -> None:
    link = ann.get("/stores/tea-shop").json()["links"]["drift"]

    told = ann.get(link).json()

    assert told == {
        "policy": "heal",
        "open_total": 0,
        "open": [],
        "healed": [],
        "links": {
            "store": "http://testserver/stores/tea-shop",
            "rules": "http://testserver/stores/tea-shop/drift/rules",
        },
    }


def test_a_finding_says_what_was_wanted_and_what_is_there(ann: APIClient) -> None:
    finding()

    (told,) = ann.get(DRIFT).json()["open"]

    assert (told["kind"], told["namespace"], told["name"]) == ("Deployment", "store-tea-shop", "store-backend")
    assert (told["verdict"], told["message"]) == ("changed", "Deployment store-backend was changed.")
    assert told["differences"] == [
        {
            "path": "spec.replicas",
            "pointer": "/spec/replicas",
            "wanted": "1",
            "found": "3",
            "text": "spec.replicas: wanted 1, found 3",
        }
    ]
    assert told["healed_at"] is told["healed_by"] is None


def test_what_is_open_comes_whole_and_of_what_was_healed_the_last_twenty(ann: APIClient) -> None:
    now = timezone.now()
    store = Store.objects.get()
    healer = store.operations.get()
    for minutes in range(25):
        finding(f"old-{minutes}", healed_at=now - timedelta(minutes=minutes), healed_by=healer)
        finding(f"open-{minutes}", detected_at=now - timedelta(minutes=minutes))

    told = ann.get(DRIFT).json()

    assert [each["name"] for each in told["open"]] == [f"open-{minutes}" for minutes in range(25)]
    assert told["open_total"] == 25
    assert [each["name"] for each in told["healed"]] == [f"old-{minutes}" for minutes in range(20)]
    assert {each["healed_by"] for each in told["healed"]} == {str(healer.pk)}


def test_the_number_of_queries_doesnt_grow_with_what_was_found(ann: APIClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert ann.get(DRIFT).status_code == 200
        return len(asked)

    finding("first")
    few = queries()
    for number in range(30):
        finding(f"more-{number}")
        finding(f"healed-{number}", healed_at=timezone.now(), healed_by=Store.objects.get().operations.get())

    assert queries() == few


def test_a_rule_is_made_once_and_noted(ann: APIClient) -> None:
    made = ann.post(RULES, {**REPLICAS, "reason": "The sale."})
    again = ann.post(RULES, {**REPLICAS, "reason": "Another."})

    assert (made.status_code, again.status_code) == (201, 200)
    body = made.json()
    assert again.json() == body
    assert made["Location"] == body["href"] == f"http://testserver{RULES}/{body['id']}"
    assert {name: body[name] for name in REPLICAS} == REPLICAS
    assert (body["scope"], body["reason"], body["created_by"]) == ("store", "The sale.", "ann@header")
    assert ann.get(body["href"]).json() == body
    assert ann.get(RULES).json()["results"] == [body]
    entry = AuditEntry.objects.get(action="drift-rule.create")
    assert (entry.actor, entry.target, entry.after) == ("ann@header", "tea-shop", {**REPLICAS, "reason": "The sale."})
    assert Store.objects.get().events.latest("id").message.startswith("Differences are ignored from now on: Deployment")


def test_a_removed_rule_is_gone_and_noted(ann: APIClient) -> None:
    rule = ann.post(RULES, REPLICAS).json()

    assert ann.delete(rule["href"]).status_code == 204
    assert ann.delete(rule["href"]).status_code == 404

    assert ann.get(RULES).json()["results"] == []
    entry = AuditEntry.objects.get(action="drift-rule.delete")
    assert entry.before == {**REPLICAS, "reason": ""}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["kind"]),
        ({"reason": "Everything."}, ["kind"]),
        ({"pointer": "spec.replicas"}, ["pointer"]),
        ({"kind": "deployment", "name": "a["}, ["kind", "name"]),
        ({"kind": None}, ["kind"]),
        ({"jsonPointer": "/spec"}, ["jsonPointer"]),
        ({"kind": "Deployment", "scope": "platform"}, ["scope"]),
        ({"kind": "Deployment", "reason": "x" * 301}, ["reason"]),
    ],
)
def test_each_error_names_its_field_and_nothing_is_made(ann: APIClient, body: Any, fields: list[str]) -> None:
    before = traces()

    refused = ann.post(RULES, body)

    assert refused.status_code == 400
    assert refused.json()["type"] == "urn:storeplane:problem:invalid"
    assert [error["field"] for error in refused.json()["errors"]] == fields
    assert traces() == before


def test_the_platforms_rules_are_read_here_and_changed_elsewhere(ann: APIClient) -> None:
    rule = DriftRule.objects.create(kind="Secret", reason="Rotated by an operator.")

    (told,) = ann.get(RULES).json()["results"]
    before = traces()
    refused = ann.delete(told["href"])

    assert (told["scope"], told["created_by"], told["reason"]) == ("platform", None, rule.reason)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This rule holds for all stores; an operator can remove it in the admin."
    assert traces() == before


def test_a_rule_of_another_store_isnt_found(ann: APIClient) -> None:
    ben = as_user("ben")
    ben.post("/stores", {**WISH, "name": "other-shop"})
    theirs = ben.post("/stores/other-shop/drift/rules", REPLICAS).json()
    before = traces()

    assert ann.get(theirs["href"]).status_code == 404
    assert ann.get(f"{RULES}/{theirs['id']}").status_code == 404
    assert ann.delete(f"{RULES}/{theirs['id']}").status_code == 404
    assert ann.get(f"{RULES}/{10**17}").status_code == 404
    assert traces() == before


def test_rules_come_in_pages(ann: APIClient) -> None:
    for number in range(3):
        ann.post(RULES, {"name": f"config-{number}"})

    page = ann.get(f"{RULES}?page_size=2").json()
    rest = ann.get(page["next"]).json()

    names = [rule["name"] for rule in page["results"] + rest["results"]]
    assert names == ["config-2", "config-1", "config-0"]


def test_a_store_that_goes_away_takes_no_rule(ann: APIClient) -> None:
    ann.delete("/stores/tea-shop")

    refused = ann.post(RULES, REPLICAS)

    assert refused.status_code == 409
    assert "is being removed" in refused.json()["detail"]
    assert not DriftRule.objects.exists()
