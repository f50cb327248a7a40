"""Which differences are ignored: decisions as a table, and whose rules count."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisioner.drift.rules import Rule, ignored, rules_of
from stores.models import DriftRule
from tests.provisioner.factories import StoreFactory

WEB = ("Deployment", "web", "/spec/replicas", "hpa")


@pytest.mark.parametrize(
    ("rule", "difference", "expected"),
    [
        # An empty field matches anything; all the others have to match.
        (Rule(kind="Deployment"), WEB, True),
        (Rule(kind="StatefulSet"), WEB, False),
        (Rule(kind="deployment"), WEB, False),
        (Rule(manager="hpa"), WEB, True),
        (Rule(manager="hp"), WEB, False),
        (Rule(manager="hpa"), ("Deployment", "web", "/spec/replicas", ""), False),
        (Rule("Deployment", "web", "/spec/replicas", "hpa"), WEB, True),
        (Rule("Deployment", "web", "/spec/replicas", "kubectl"), WEB, False),
        (Rule("Deployment", "db", "/spec/replicas", "hpa"), WEB, False),
        # A name is a pattern for the whole of it.
        (Rule(name="web"), WEB, True),
        (Rule(name="we"), WEB, False),
        (Rule(name="w*"), WEB, True),
        (Rule(name="we?"), WEB, True),
        (Rule(name="we[a-c]"), WEB, True),
        (Rule(name="we[!b]"), WEB, False),
        (Rule(name="*"), WEB, True),
        # A pointer means itself and all below, by steps and not by letters.
        (Rule(pointer="/spec/replicas"), WEB, True),
        (Rule(pointer="/spec"), WEB, True),
        (Rule(pointer="/spec/rep"), WEB, False),
        (Rule(pointer="/spec/replicas/0"), WEB, False),
        (Rule(pointer="/spec/replicas"), ("Deployment", "web", "/spec/replicasets", ""), False),
        (Rule(pointer="/metadata/labels/a~1b"), ("Deployment", "web", "/metadata/labels/a~1b", ""), True),
        (Rule(pointer="/metadata/labels/a"), ("Deployment", "web", "/metadata/labels/a~1b", ""), False),
        # A missing object is a difference at no field: a rule about a field leaves it be.
        (Rule(pointer="/spec"), ("Deployment", "web", "", ""), False),
        (Rule(kind="Deployment"), ("Deployment", "web", "", ""), True),
    ],
)
def test_a_rule_matches(rule: Rule, difference: tuple[str, str, str, str], expected: bool) -> None:
    assert ignored([rule], *difference) is expected


def test_one_rule_that_matches_is_enough_and_none_ignores_nothing() -> None:
    assert ignored([Rule(kind="Service"), Rule(kind="Deployment")], *WEB)
    assert not ignored([], *WEB)


@pytest.mark.django_db
def test_a_store_has_its_own_rules_and_the_platforms_and_nobody_elses() -> None:
    store, other = StoreFactory(), StoreFactory()
    DriftRule.objects.create(store=store, pointer="/spec/replicas", manager="hpa", reason="Scaled.")
    DriftRule.objects.create(store=other, kind="Secret")
    DriftRule.objects.create(kind="ConfigMap", name="kube-*")

    with CaptureQueriesContext(connection) as queries:
        found = rules_of(store)

    assert found == [Rule(pointer="/spec/replicas", manager="hpa"), Rule(kind="ConfigMap", name="kube-*")]
    assert len(queries) == 1
