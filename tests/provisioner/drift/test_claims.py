"""The volumes behind a store's claims: told when they are others, taken up again when they outlived their claims."""

import pytest

from provisioner import safekeeping
from provisioner.cluster import Cluster, Manifest, kinds
from provisioner.drift import claimed
from provisioner.drift.models import Desired, Verdict
from provisioner.drift.sweeping import suspects
from provisioner.operations.models import Operation, OperationKind, OperationState
from provisioner.pipelines.runner import run_link
from provisioner.pipelines.steps import ACTIONS
from stores.choices import ConditionType, EventType, Phase
from stores.models import Store
from stores.services.work import reconcile
from tests.chaos.waiting import until
from tests.provisioner.drift.shop import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

CLAIM = ("PersistentVolumeClaim", "data-postgres-0")


def volume_of(shop: Shop) -> str:
    return str(shop.get(*CLAIM)["spec"].get("volumeName", ""))


def volume(kube: Cluster, name: str) -> Manifest:
    found = kube.get(kinds.PERSISTENT_VOLUME, name)
    assert found is not None, name
    return found


def retain(kube: Cluster, name: str) -> None:
    kube.patch_merge(kinds.PERSISTENT_VOLUME, name, None, {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})


def renew_claim(shop: Shop) -> None:
    """A claim that somebody deleted with its pod is made anew by the StatefulSet's controller."""
    database = shop.get("StatefulSet", "postgres")
    for kind, name in (
        (kinds.STATEFUL_SET, "postgres"),
        (kinds.POD, "postgres-0"),
        (kinds.PERSISTENT_VOLUME_CLAIM, CLAIM[1]),
    ):
        shop.cluster.delete(kind, name, shop.namespace)
        assert shop.cluster.wait_gone(kind, name, shop.namespace, timeout=60)
    metadata = {name: database["metadata"][name] for name in ("name", "namespace", "labels", "annotations")}
    manifest = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": database["spec"]}
    shop.cluster.create(manifest, field_manager="helm")
    until(lambda: claim_is_bound(shop), lambda: "the claim to be made anew")


def lose_namespace(shop: Shop) -> None:
    shop.cluster.delete(kinds.NAMESPACE, shop.namespace)
    assert shop.cluster.wait_gone(kinds.NAMESPACE, shop.namespace, timeout=60)


def test_which_volume_a_store_of_before_has_is_known_from_its_first_look_on(shop: Shop) -> None:
    row = Desired.objects.get(store=shop.store)
    row.manifests = {kind: those for kind, those in row.manifests.items() if kind != CLAIM[0]}
    row.save()

    shop.judge()

    assert claimed.volumes(shop.store) == [volume_of(shop)]
    assert shop.open() == []
    assert suspects(shop.cluster) == {}


def test_a_claim_that_was_made_anew_is_told_and_nothing_pretends_that_it_is_healed(shop: Shop) -> None:
    renew_claim(shop)

    assert suspects(shop.cluster)[shop.store.name] == {CLAIM}
    shop.judge(CLAIM)

    (finding,) = shop.open()
    assert (finding.kind, finding.verdict) == (CLAIM[0], Verdict.CHANGED)
    assert not Operation.objects.filter(store=shop.store, kind=OperationKind.HEAL).exists()
    stalled = shop.store.conditions.get(type=ConditionType.STALLED)
    assert stalled.status == "True"
    assert "the store's data are lost" in stalled.message


def test_other_drift_is_healed_beside_it(shop: Shop) -> None:
    renew_claim(shop)
    shop.judge(CLAIM)
    shop.cluster.delete(kinds.SERVICE, "backend", shop.namespace)

    shop.judge(("Service", "backend"))

    assert shop.heal()
    assert shop.get("Service", "backend")
    assert [each.kind for each in shop.open()] == [CLAIM[0]]


def test_a_person_who_reconciles_takes_the_new_volume_for_right(shop: Shop) -> None:
    renew_claim(shop)
    shop.judge(CLAIM)

    reconcile(Store.objects.get(pk=shop.store.pk))
    Operation.objects.filter(store=shop.store).update(state=OperationState.SUCCEEDED)
    shop.judge()

    assert shop.open() == []
    assert claimed.volumes(shop.store) == [volume_of(shop)]


def test_a_namespace_whose_volume_survived_is_made_again_with_the_same_secrets(kube: Cluster, shop: Shop) -> None:
    shop.judge()
    kept, name = shop.get("Secret", "store-credentials")["data"], volume_of(shop)
    retain(kube, name)
    lose_namespace(shop)
    until(lambda: volume(kube, name)["status"]["phase"] == "Released", lambda: "the volume to be released")

    shop.judge()
    work = Operation.objects.get(store=shop.store, kind=OperationKind.RECONCILE)
    Operation.objects.filter(pk=work.pk).update(state=OperationState.RUNNING)
    for step in ("namespace", "helm"):
        assert run_link(work.pk, step, ACTIONS[OperationKind.RECONCILE])

    assert shop.get("Secret", "store-credentials")["data"] == kept
    until(lambda: claim_is_bound(shop), lambda: "the claim to be bound")
    assert volume_of(shop) == name
    assert volume(kube, name)["spec"]["claimRef"]["uid"] == shop.get(*CLAIM)["metadata"]["uid"]
    told = list(shop.store.events.filter(type=EventType.SELF_HEAL).values_list("message", flat=True))
    assert f"Taking up volume {name}, which outlived its claim." in told


def claim_is_bound(shop: Shop) -> bool:
    found = shop.cluster.get(kinds.PERSISTENT_VOLUME_CLAIM, CLAIM[1], shop.namespace)
    return found is not None and bool(found["spec"].get("volumeName"))


def test_without_a_volume_there_is_no_empty_shop_in_its_place(kube: Cluster, shop: Shop) -> None:
    lose_namespace(shop)

    shop.judge()
    work = Operation.objects.get(store=shop.store, kind=OperationKind.RECONCILE)
    Operation.objects.filter(pk=work.pk).update(state=OperationState.RUNNING)
    assert not run_link(work.pk, "namespace", ACTIONS[OperationKind.RECONCILE])

    work.refresh_from_db()
    assert (work.state, work.error_reason) == (OperationState.FAILED, "DataLost")
    assert Store.objects.get(pk=shop.store.pk).phase == Phase.FAILED
    assert kube.get(kinds.NAMESPACE, shop.namespace) is None


def test_a_namespace_that_somebody_made_again_hides_no_lost_data(kube: Cluster, shop: Shop) -> None:
    shop.judge()
    namespace = shop.get("Namespace", shop.namespace)
    lose_namespace(shop)
    bare = {"name": shop.namespace, "labels": namespace["metadata"]["labels"]}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": bare})

    reconcile(Store.objects.get(pk=shop.store.pk))
    work = Operation.objects.get(store=shop.store, kind=OperationKind.RECONCILE)
    Operation.objects.filter(pk=work.pk).update(state=OperationState.RUNNING)
    assert not run_link(work.pk, "namespace", ACTIONS[OperationKind.RECONCILE])

    work.refresh_from_db()
    assert work.error_reason == "DataLost"
    assert kube.get(kinds.SECRET, "store-credentials", shop.namespace) is None
    assert safekeeping.kept(kube, shop.store) is not None
