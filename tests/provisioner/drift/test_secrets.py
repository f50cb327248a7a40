"""A store's Secret against the copy that the platform keeps of it."""

import pytest

from provisioner import safekeeping
from provisioner.drift.desired import BY_NAME
from provisioner.drift.models import Desired, Verdict
from provisioner.drift.sweeping import suspects
from provisioner.operations.models import Operation, OperationKind
from stores.models import DriftRule
from tests.provisioner.drift.shop import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

SECRET = ("Secret", "store-credentials")


def forget(shop: Shop) -> None:
    safekeeping.forget(shop.cluster, shop.store, lambda: None)


def heals(shop: Shop) -> int:
    return Operation.objects.filter(store=shop.store, kind=OperationKind.HEAL).count()


def test_a_lost_key_that_no_copy_was_kept_of_is_told_and_never_made_up(shop: Shop) -> None:
    secret = shop.get(*SECRET)
    kept = {key: value for key, value in secret["data"].items() if key != "JWT_SECRET"}
    forget(shop)
    shop.cluster.replace({**secret, "data": kept})

    shop.judge(SECRET)

    (finding,) = shop.open()
    assert finding.differences == [{"path": "/data/JWT_SECRET", "wanted": "(lost)", "found": None}]
    assert heals(shop) == 0
    assert shop.condition() == ("True", "HealingStopped")
    stalled = shop.store.conditions.get(type="Stalled")
    assert (stalled.status, stalled.reason) == ("True", "HealingStopped")
    assert "JWT_SECRET" in stalled.message
    assert shop.get(*SECRET)["data"] == kept

    restored = shop.get(*SECRET)
    shop.cluster.replace({**restored, "data": secret["data"]})
    shop.judge(SECRET)
    assert shop.open() == []
    assert shop.store.conditions.get(type="Stalled").status == "False"
    assert safekeeping.kept(shop.cluster, shop.store) == secret["data"]


def test_a_secret_that_no_copy_was_kept_of_is_told_and_never_made_up(shop: Shop) -> None:
    forget(shop)
    shop.cluster.delete(BY_NAME["Secret"], SECRET[1], shop.namespace)

    shop.judge(SECRET)

    assert [each.verdict for each in shop.open()] == [Verdict.MISSING]
    assert heals(shop) == 0
    assert shop.condition() == ("True", "HealingStopped")


def test_a_copy_that_somebody_deleted_is_made_again(shop: Shop) -> None:
    before = safekeeping.kept(shop.cluster, shop.store)
    forget(shop)
    assert safekeeping.kept(shop.cluster, shop.store) is None

    assert suspects(shop.cluster)[shop.store.name] == {SECRET}
    shop.judge(SECRET)

    assert safekeeping.kept(shop.cluster, shop.store) == before
    assert shop.open() == []
    assert suspects(shop.cluster) == {}


def test_what_somebody_changes_in_the_copy_is_wanted_from_then_on(shop: Shop) -> None:
    wanted = {**shop.get(*SECRET)["data"], "ADMIN_PASSWORD": "cm90YXRlZA=="}
    safekeeping.keep(shop.cluster, shop.store, wanted)

    assert suspects(shop.cluster)[shop.store.name] == {SECRET}
    shop.judge(SECRET)
    assert shop.heal()

    assert shop.get(*SECRET)["data"] == wanted


def test_an_ignored_value_of_the_secret_survives_another_heal_of_it(shop: Shop) -> None:
    DriftRule.objects.create(store=shop.store, kind="Secret", name="*", pointer="/data/ADMIN_PASSWORD")
    secret = shop.get(*SECRET)
    rotated = {**secret["data"], "ADMIN_PASSWORD": "cm90YXRlZA==", "JWT_SECRET": "b3RoZXI="}
    shop.cluster.replace({**secret, "data": rotated})

    shop.judge(SECRET)
    assert [each["path"] for each in shop.open()[0].differences] == ["/data/JWT_SECRET"]
    assert shop.heal()

    assert shop.get(*SECRET)["data"] == {**secret["data"], "ADMIN_PASSWORD": "cm90YXRlZA=="}


def test_no_value_of_a_secret_is_kept(shop: Shop) -> None:
    kept = Desired.objects.get(store=shop.store).manifests["Secret"]["store-credentials"]
    assert set(kept["data"].values()) == {None}
    assert "POSTGRES_PASSWORD" in kept["data"]
