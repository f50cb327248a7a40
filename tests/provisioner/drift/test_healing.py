"""Each kind of object deleted and changed in turn: put right, and nothing else touched."""

from collections.abc import Callable
from typing import Any

import pytest

from provisioner.cluster import Manifest
from provisioner.drift.desired import BY_NAME
from provisioner.drift.models import Finding, Verdict
from provisioner.operations.models import Operation, OperationKind, OperationState
from provisioner.operations.tallies import totals
from stores.choices import EventType
from tests.provisioner.drift.shop import Object, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

Change = Callable[[Manifest], None]

DELETED: list[Object] = [
    ("Service", "backend"),
    ("ConfigMap", "storefront"),
    ("LimitRange", "store"),
    ("ResourceQuota", "store"),
    ("Deployment", "storefront"),
    ("StatefulSet", "postgres"),
    ("Ingress", "store"),
    ("NetworkPolicy", "default-deny"),
]


def container(manifest: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


def image(manifest: Manifest) -> None:
    container(manifest)["image"] = "evil:1"


def replicas(manifest: Manifest) -> None:
    manifest["spec"]["replicas"] = 0


def variable(manifest: Manifest) -> None:
    container(manifest)["env"][0]["value"] = "other"


def port(manifest: Manifest) -> None:
    manifest["spec"]["ports"][0]["port"] = 9001


def container_port(manifest: Manifest) -> None:
    container(manifest)["ports"][0]["containerPort"] = 8081


def open_policy(manifest: Manifest) -> None:
    manifest["spec"]["ingress"] = [{}]


def wider_policy(manifest: Manifest) -> None:
    manifest["spec"]["ingress"].append({})


def quota(manifest: Manifest) -> None:
    manifest["spec"]["hard"]["pods"] = "99"


def label(manifest: Manifest) -> None:
    del manifest["metadata"]["labels"]["app.kubernetes.io/part-of"]


def host(manifest: Manifest) -> None:
    manifest["spec"]["rules"][0]["host"] = "elsewhere.example.com"


def text(manifest: Manifest) -> None:
    manifest["data"]["config.json"] = "{}"


CHANGED: list[tuple[Object, Change, str]] = [
    (("Deployment", "backend"), image, "/spec/template/spec/containers/0/image"),
    (("Deployment", "storefront"), replicas, "/spec/replicas"),
    (("Deployment", "backend"), variable, "/spec/template/spec/containers/0/env/0/value"),
    (("Deployment", "storefront"), container_port, "/spec/template/spec/containers/0/ports/0"),
    (("Service", "backend"), port, "/spec/ports/0"),
    (("NetworkPolicy", "default-deny"), open_policy, "/spec/ingress"),
    (("NetworkPolicy", "database"), wider_policy, "/spec/ingress"),
    (("ResourceQuota", "store"), quota, "/spec/hard/pods"),
    (("Service", "storefront"), label, "/metadata/labels/app.kubernetes.io~1part-of"),
    (("Secret", "store-credentials"), label, "/metadata/labels/app.kubernetes.io~1part-of"),
    (("Ingress", "store"), host, "/spec/rules/0"),
    (("ConfigMap", "storefront"), text, "/data/config.json"),
]


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
