"""Each kind of object deleted and changed in turn: put right, and nothing else touched."""

import base64
import copy
import json
from typing import Any

import pytest

from provisioner.drift.desired import BY_NAME
from provisioner.drift.models import Finding, Verdict
from provisioner.operations.models import Operation, OperationKind, OperationState
from provisioner.operations.tallies import totals
from stores.choices import EventType
from tests.provisioner.drift.shop import Object, Shop
from tests.provisioner.drift.tampering import CHANGED, DELETED, Change, lost_value, other_value

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def assert_only(shop: Shop, drifted: Object, before: dict[Object, Any], revision: list[str]) -> None:
    after = shop.versions()
    assert after.keys() == before.keys()
    assert {each for each in after if after[each] != before[each]} <= {drifted}
    assert shop.revision() == revision


@pytest.mark.parametrize("drifted", DELETED, ids=lambda each: each[0])
def test_a_deleted_object_is_back_and_no_other_was_touched(shop: Shop, drifted: Object) -> None:
    kind, name = drifted
    before, revision = shop.versions(), shop.revision()
    assert shop.cluster.delete(BY_NAME[kind], name, shop.namespace)
    assert shop.cluster.wait_gone(BY_NAME[kind], name, shop.namespace, timeout=30)

    shop.judge(drifted)
    assert [(each.kind, each.name, each.verdict) for each in shop.open()] == [(kind, name, Verdict.MISSING)]
    assert shop.heal()

    assert shop.get(kind, name)
    assert shop.open() == []
    assert_only(shop, drifted, before, revision)
    shop.judge()
    assert shop.open() == []
    assert shop.condition() == ("False", "AsAskedFor")


@pytest.mark.parametrize(("drifted", "change", "path"), CHANGED, ids=lambda each: getattr(each, "__name__", ""))
def test_a_changed_field_is_put_right_and_nothing_else_was_touched(
    shop: Shop, drifted: Object, change: Change, path: str
) -> None:
    kind, name = drifted
    before, revision = shop.versions(), shop.revision()
    manifest = shop.get(kind, name)
    change(manifest)
    shop.cluster.replace(manifest)

    shop.judge(drifted)
    (finding,) = shop.open()
    assert (finding.kind, finding.name, finding.verdict) == (kind, name, Verdict.CHANGED)
    assert [each["path"] for each in finding.differences] == [path]
    assert shop.heal()

    assert shop.open() == []
    assert_only(shop, drifted, before, revision)
    assert shop.judge() is None
    assert shop.open() == []
    assert Operation.objects.filter(store=shop.store, kind=OperationKind.HEAL).count() == 1


@pytest.mark.parametrize("change", [other_value, lost_value], ids=lambda each: each.__name__)
def test_a_value_of_the_secret_is_given_back_and_told_nowhere(shop: Shop, change: Change) -> None:
    secret = shop.get("Secret", "store-credentials")
    tampered = copy.deepcopy(secret)
    change(tampered)
    shop.cluster.replace(tampered)

    shop.judge(("Secret", "store-credentials"))
    told = json.dumps([each.differences for each in shop.open()])
    assert shop.heal()

    assert shop.get("Secret", "store-credentials")["data"] == secret["data"]
    told += " ".join(shop.store.events.values_list("message", flat=True))
    values = [*secret["data"].values(), *tampered["data"].values()]
    assert not [each for value in values for each in (value, base64.b64decode(value).decode()) if each in told]


def test_the_story_of_a_heal_is_told_and_counted(shop: Shop) -> None:
    shop.cluster.delete(BY_NAME["Service"], "backend", shop.namespace)
    told = len(shop.events())

    shop.judge(("Service", "backend"))
    assert shop.condition() == ("True", "Drifted")
    shop.judge(("Service", "backend"))
    assert shop.heal()

    assert shop.events()[told:] == [EventType.DRIFT_DETECTED, EventType.SELF_HEAL, EventType.SELF_HEALED]
    healed = Finding.objects.get(store=shop.store)
    work = Operation.objects.get(store=shop.store, kind=OperationKind.HEAL)
    assert healed.healed_by == work
    assert healed.healed_at is not None
    assert work.state == OperationState.SUCCEEDED
    assert totals().drift == {"Service": 1}
    assert sum(totals().healed.by_bucket.values()) == 1
