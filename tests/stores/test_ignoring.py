"""What a rule may say, and that each change of the rules is a wish that is logged and told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from stores import ignoring
from stores.errors import Conflict, InvalidStore
from stores.models import DriftRule, Store
from stores.services import add_rule, remove_rule, replace_rules
from tests.provisioner.factories import StoreFactory

REPLICAS = {"kind": "Deployment", "pointer": "/spec/replicas"}
CONFIG = {"kind": "ConfigMap", "name": "theme-*"}


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "HorizontalPodAutoscaler"},
        {"name": "web"},
        {"name": "*"},
        {"name": "web-?.[a-z0-9]*"},
        {"name": "web-[!0-9]"},
        {"name": "system:web"},
        {"pointer": "/spec"},
        {"pointer": "/metadata/annotations/example.com~1a~0b"},
        {"pointer": "/spec/template/spec/containers/0/image"},
        {"pointer": "/"},
        {"pointer": "/a b/ü"},
        {"manager": "kube-controller-manager"},
        {"manager": "Mozilla/5.0 (X11)"},
        {"kind": "Deployment", "name": "web", "pointer": "/spec", "manager": "hpa"},
    ],
)
def test_a_sane_rule_has_no_problem(rule: dict[str, str]) -> None:
    assert ignoring.problems_with(rule) == {}


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({}, ["kind"]),
        ({"kind": "", "name": ""}, ["kind"]),
        ({"reason": "Because."}, ["kind"]),
        ({"kind": "deployment"}, ["kind"]),
        ({"kind": "apps/Deployment"}, ["kind"]),
        ({"kind": "D" * 64}, ["kind"]),
        ({"kind": "Deployment\n"}, ["kind"]),
        ({"name": "Web"}, ["name"]),
        ({"name": "web shop"}, ["name"]),
        ({"name": "web[0-9"}, ["name"]),
        ({"name": "web[]"}, ["name"]),
        ({"name": "web]"}, ["name"]),
        ({"name": "w" * 254}, ["name"]),
        ({"pointer": "spec/replicas"}, ["pointer"]),
        ({"pointer": ".spec.replicas"}, ["pointer"]),
        ({"pointer": "/spec/a~2b"}, ["pointer"]),
        ({"pointer": "/spec/a~"}, ["pointer"]),
        ({"pointer": "/spec\x00"}, ["pointer"]),
        ({"pointer": "/" + "a" * 512}, ["pointer"]),
        ({"manager": " "}, ["manager"]),
        ({"manager": "hpa\n"}, ["manager"]),
        ({"kind": "x", "name": "X", "pointer": "x", "manager": "ü"}, ["kind", "name", "pointer", "manager"]),
    ],
)
def test_each_problem_names_its_field(rule: dict[str, str], fields: list[str]) -> None:
    assert list(ignoring.problems_with(rule)) == fields


@pytest.fixture
def store(db: None) -> Store:
    return StoreFactory(spec_changed_at=timezone.now() - timedelta(hours=1))


def rules(store: Store) -> list[str]:
    return [str(rule) for rule in store.drift_rules.all()]


def test_a_new_rule_is_a_wish_that_is_logged_and_newer_than_the_last_one(store: Store) -> None:
    before = store.spec_changed_at

    added = add_rule(store, REPLICAS, by=None, request_id="r1")

    store.refresh_from_db()
    assert added.new
    assert store.spec_changed_at > before
    event = store.events.get()
    assert (event.type, event.request_id) == ("SPEC_CHANGED", "r1")
    assert event.message == "Differences are ignored from now on: Deployment /spec/replicas."


def test_an_equal_rule_is_the_one_that_is_there(store: Store) -> None:
    first = add_rule(store, {**REPLICAS, "reason": "Scaled by hand."}, by=None)

    again = add_rule(store, {**REPLICAS, "reason": "Another."}, by=None)

    assert (again.rule, again.new) == (first.rule, False)
    assert again.rule.reason == "Scaled by hand."
    assert store.events.count() == 1


def test_a_rule_is_removed_once(store: Store) -> None:
    rule = add_rule(store, REPLICAS, by=None).rule

    assert remove_rule(store, rule)
    assert not remove_rule(store, rule)

    assert rules(store) == []
    assert store.events.count() == 2


def test_a_list_takes_the_place_of_the_one_before_in_its_order_and_what_stays_keeps_its_reason(store: Store) -> None:
    add_rule(store, {**REPLICAS, "reason": "Scaled by hand."}, by=None)

    assert replace_rules(store, [CONFIG, REPLICAS, CONFIG], origin="kubectl")

    assert rules(store) == ["ConfigMap theme-*", "Deployment /spec/replicas"]
    assert list(store.drift_rules.values_list("reason", flat=True)) == ["", "Scaled by hand."]
    assert store.events.latest("id").origin == "kubectl"
    assert not replace_rules(store, [CONFIG, REPLICAS])
    assert replace_rules(store, [])
    assert rules(store) == []


def test_each_change_has_the_store_judged_anew_once_it_is_committed(
    store: Store, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[Any, Any]] = []
    monkeypatch.setattr("provisioner.service.send", lambda message, **to: sent.append((message.args, to)))
    judged = ((store.name,), {"queue": "drift"})

    with django_capture_on_commit_callbacks(execute=True):
        rule = add_rule(store, REPLICAS, by=None).rule
        add_rule(store, REPLICAS, by=None)
        assert sent == []
    assert sent == [judged]
    with django_capture_on_commit_callbacks(execute=True):
        remove_rule(store, rule)
    with django_capture_on_commit_callbacks(execute=True):
        replace_rules(store, [CONFIG])
    assert sent == [judged] * 3


@pytest.mark.parametrize("change", [add_rule, remove_rule, replace_rules])
def test_a_store_that_goes_away_keeps_its_rules(store: Store, change: Any) -> None:
    rule = add_rule(store, REPLICAS, by=None).rule
    Store.objects.update(deletion_requested_at=timezone.now())
    given = {add_rule: (CONFIG,), remove_rule: (rule,), replace_rules: ([],)}[change]

    with pytest.raises(Conflict, match="is being removed"):
        change(store, *given, **({"by": None} if change is add_rule else {}))

    assert rules(store) == ["Deployment /spec/replicas"]


def test_there_is_a_most_number_of_rules(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignoring, "MAX_RULES", 1)
    add_rule(store, REPLICAS, by=None)

    with pytest.raises(Conflict, match="may have 1 rules"):
        add_rule(store, CONFIG, by=None)
    with pytest.raises(Conflict, match="may have 1 rules"):
        replace_rules(store, [REPLICAS, CONFIG])

    assert rules(store) == ["Deployment /spec/replicas"]


def test_one_bad_rule_of_a_list_changes_nothing(store: Store) -> None:
    with pytest.raises(InvalidStore) as refused:
        replace_rules(store, [REPLICAS, {"pointer": "spec"}])

    assert refused.value.field == "pointer"
    assert rules(store) == []


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{}, {"reason": "All."}])
def test_the_database_refuses_a_rule_that_matches_everything(values: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DriftRule.objects.create(**values)


def test_the_database_refuses_an_equal_rule_in_a_store_and_in_the_platform(store: Store) -> None:
    for owner in (store, None):
        DriftRule.objects.create(store=owner, **REPLICAS)
        with pytest.raises(IntegrityError), transaction.atomic():
            DriftRule.objects.create(store=owner, **REPLICAS)
