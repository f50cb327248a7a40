"""A rule in the database against a real change in a cluster: what it names is no drift, and the API tells so."""

import pytest

from provisioner.cluster import Cluster
from provisioner.drift.telling import drift_view
from stores.choices import DriftPolicy
from stores.models import DriftRule, Store
from stores.services import add_rule, remove_rule
from tests.provisioner.drift.shop import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

IMAGE = "/spec/template/spec/containers/0/image"
RULE = {"kind": "Deployment", "name": "store*", "pointer": IMAGE}


@pytest.fixture
def changed(kube: Cluster, shop: Shop) -> Shop:
    """A shop whose storefront runs another image, found to have drifted and not healed."""
    Store.objects.update(drift_policy=DriftPolicy.WARN)
    manifest = shop.get("Deployment", "storefront")
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "elsewhere/shop:2"
    manifest["metadata"].pop("resourceVersion")
    kube.replace(manifest)
    shop.judge()
    return shop


def open_(shop: Shop) -> list[str]:
    return [f"{each.kind} {each.name}" for each in drift_view(shop.store).open]


def test_a_change_is_told_as_a_person_reads_it(changed: Shop) -> None:
    (told,) = drift_view(changed.store).open

    assert (told.kind, told.name, told.verdict) == ("Deployment", "storefront", "changed")
    (difference,) = told.differences
    assert difference.pointer == IMAGE
    assert difference.text.startswith('spec.template.spec.containers[0].image: wanted "')
    assert difference.text.endswith('", found "elsewhere/shop:2"')


@pytest.mark.parametrize("whose", ["the store", "the platform"])
def test_a_rule_ends_what_it_names_and_its_removal_brings_that_back(changed: Shop, whose: str) -> None:
    rule = add_rule(changed.store, RULE, by=None).rule if whose == "the store" else DriftRule.objects.create(**RULE)
    changed.judge()
    assert open_(changed) == []

    if whose == "the store":
        remove_rule(changed.store, rule)
    else:
        rule.delete()
    changed.judge()
    assert open_(changed) == ["Deployment storefront"]


@pytest.mark.parametrize("rule", [{**RULE, "name": "backend"}, {**RULE, "pointer": "/spec/replicas"}])
def test_a_rule_that_names_something_else_leaves_it_open(changed: Shop, rule: dict[str, str]) -> None:
    add_rule(changed.store, rule, by=None)
    changed.judge()

    assert open_(changed) == ["Deployment storefront"]
