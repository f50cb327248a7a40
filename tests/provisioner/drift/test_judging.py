"""What is drift and what isn't, and what follows from it."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from provisioner.cluster import FIELD_MANAGER, Cluster, kinds
from provisioner.cluster.transport import Request
from provisioner.drift import desired, examining, findings, judging
from provisioner.drift.deciding import MOST_HEALS
from provisioner.drift.desired import BY_NAME
from provisioner.drift.models import Desired, Finding, Verdict
from provisioner.drift.rules import Rule
from provisioner.helm.storage import revisions
from provisioner.labels import RELEASE
from provisioner.operations import transitions
from provisioner.operations.models import Operation, OperationKind, OperationState
from stores.changes import Change, apply_change
from stores.choices import DriftPolicy, EventType, Phase
from stores.models import Store
from stores.services.work import reconcile
from stores.status import Activity
from tests.provisioner.drift.shop import Shop
from tests.provisioner.factories import TenantFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

BACKEND = ("Deployment", "backend")
SERVICE = ("Service", "backend")


def scale(kube: Cluster, shop: Shop, replicas: int, manager: str) -> None:
    metadata = {"name": "storefront", "namespace": shop.namespace}
    body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}}
    path = kinds.DEPLOYMENT.path(shop.namespace, "storefront", "scale")
    query = {"fieldManager": manager}
    kube._transport.send(Request("update", "PUT", kinds.DEPLOYMENT, path, query, body))


def change_image(shop: Shop, image: str = "evil:1") -> None:
    manifest = shop.get(*BACKEND)
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = image
    manifest["metadata"].pop("resourceVersion")
    shop.cluster.replace(manifest)


def image_of(shop: Shop) -> str:
    return str(shop.get(*BACKEND)["spec"]["template"]["spec"]["containers"][0]["image"])


def heals(shop: Shop) -> int:
    return Operation.objects.filter(store=shop.store, kind=OperationKind.HEAL).count()


def summary(shop: Shop) -> tuple[str, str, str]:
    """Phase, Reconciling, Stalled."""
    found = dict(shop.store.conditions.values_list("type", "status"))
    return Store.objects.get(pk=shop.store.pk).phase, found["Reconciling"], found["Stalled"]


def test_a_store_that_nobody_touched_is_found_clean_and_nothing_is_written(shop: Shop) -> None:
    before = shop.versions()
    told, updated = shop.events(), Store.objects.get(pk=shop.store.pk).updated_at

    assert shop.judge() is None

    assert shop.versions() == before
    assert shop.open() == []
    assert shop.events() == told
    assert Store.objects.get(pk=shop.store.pk).updated_at == updated


def test_what_an_autoscaler_scaled_is_not_drift_and_survives_another_heal(kube: Cluster, shop: Shop) -> None:
    scale(kube, shop, 3, "kube-controller-manager")
    shop.judge(("Deployment", "storefront"))
    assert shop.open() == []

    manifest = shop.get("Deployment", "storefront")
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "evil:1"
    manifest["metadata"].pop("resourceVersion")
    kube.replace(manifest)
    shop.judge(("Deployment", "storefront"))
    assert shop.heal()

    healed = shop.get("Deployment", "storefront")
    assert healed["spec"]["replicas"] == 3
    assert healed["spec"]["template"]["spec"]["containers"][0]["image"] != "evil:1"
    assert shop.open() == []


def test_an_autoscaler_that_is_set_upon_a_workload_owns_its_replicas(kube: Cluster, shop: Shop) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "storefront"}
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "storefront", "namespace": shop.namespace},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4},
    }
    kube.create(autoscaler)
    kube.patch_merge(kinds.DEPLOYMENT, "storefront", shop.namespace, {"spec": {"replicas": 2}})
    shop.judge(("Deployment", "storefront"))
    assert shop.open() == []


def test_a_person_who_scales_is_drift(kube: Cluster, shop: Shop) -> None:
    scale(kube, shop, 3, "kubectl")
    shop.judge(("Deployment", "storefront"))
    (finding,) = shop.open()
    assert [each["path"] for each in finding.differences] == ["/spec/replicas"]
    assert "by kubectl" in finding.message
    assert shop.heal()
    assert shop.get("Deployment", "storefront")["spec"]["replicas"] == 1


def test_a_crashing_pod_is_not_drift_and_leads_to_no_heal_and_no_upgrade(kube: Cluster, shop: Shop) -> None:
    revision = shop.revision()
    status = {"replicas": 1, "readyReplicas": 0, "unavailableReplicas": 1}
    kube.patch_merge(kinds.DEPLOYMENT, "backend", shop.namespace, {"status": status}, subresource="status")
    Store.objects.filter(pk=shop.store.pk).update(phase=Phase.DEGRADED)

    assert shop.judge() is None

    assert shop.open() == []
    assert heals(shop) == 0
    assert shop.revision() == revision


def test_the_policy_warn_tells_and_changes_nothing(shop: Shop) -> None:
    Store.objects.filter(pk=shop.store.pk).update(drift_policy=DriftPolicy.WARN)
    change_image(shop)

    shop.judge(BACKEND)

    assert [each.verdict for each in shop.open()] == [Verdict.CHANGED]
    assert shop.condition() == ("True", "Drifted")
    assert heals(shop) == 0
    assert image_of(shop) == "evil:1"


def test_the_policy_off_judges_nothing_and_forgets_what_was_found(shop: Shop) -> None:
    Store.objects.filter(pk=shop.store.pk).update(drift_policy=DriftPolicy.WARN)
    change_image(shop)
    shop.judge(BACKEND)
    Store.objects.filter(pk=shop.store.pk).update(drift_policy=DriftPolicy.OFF)

    assert shop.judge(SERVICE) is None
    (forgotten,) = judging.no_longer_judged()
    judging.forget(forgotten)

    assert shop.open() == []
    assert shop.condition() == ("False", "AsAskedFor")
    assert not judging.no_longer_judged().exists()


@pytest.mark.parametrize("worked_on", [False, True])
def test_what_was_found_of_a_store_that_failed_or_is_worked_on_is_kept(shop: Shop, worked_on: bool) -> None:
    Store.objects.filter(pk=shop.store.pk).update(drift_policy=DriftPolicy.WARN)
    change_image(shop)
    shop.judge(BACKEND)
    (seen_by_a_sweep,) = Store.objects.filter(pk=shop.store.pk)
    reconcile(shop.store)
    if not worked_on:
        work = Operation.objects.get(store=shop.store, state=OperationState.QUEUED)
        transitions.start(work)
        transitions.end(work, OperationState.FAILED, "DataLost", "The volume is gone.")
        apply_change(shop.store.pk, Activity.FAILED, Change(EventType.PROVISION_FAILED, "The volume is gone."))
    Store.objects.filter(pk=shop.store.pk).update(drift_policy=DriftPolicy.OFF)
    before = summary(shop)

    assert not judging.no_longer_judged().exists()
    judging.forget(seen_by_a_sweep)

    assert summary(shop) == before
    assert before[1:] == (("True", "False") if worked_on else ("False", "True"))
    assert len(shop.open()) == 1


def test_a_rule_leaves_what_it_names_and_only_that(shop: Shop) -> None:
    rule = Rule(kind="Deployment", pointer="/spec/template/spec/containers/0/image")
    with patch.object(examining, "rules_of", lambda _: [rule]):
        change_image(shop)
        shop.judge(BACKEND)
        assert shop.open() == []

        manifest = shop.get(*BACKEND)
        manifest["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "other"
        manifest["metadata"].pop("resourceVersion")
        shop.cluster.replace(manifest)
        shop.judge(BACKEND)
        assert shop.heal()

    assert image_of(shop) == "evil:1"
    assert shop.get(*BACKEND)["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "postgres"


def test_an_object_that_nobody_asked_for_is_told_of_and_left_alone(kube: Cluster, shop: Shop) -> None:
    labels = shop.get(*SERVICE)["metadata"]["labels"]
    metadata = {"name": "extra", "namespace": shop.namespace, "labels": labels}
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})

    shop.judge()

    (finding,) = shop.open()
    assert (finding.name, finding.verdict) == ("extra", Verdict.FOREIGN)
    assert heals(shop) == 0
    assert shop.events()[-1] == EventType.DRIFT_DETECTED
    assert not shop.store.conditions.filter(type="Drifted", status="True").exists()

    kube.delete(kinds.CONFIG_MAP, "extra", shop.namespace)
    shop.judge(("ConfigMap", "extra"))
    assert shop.open() == []


def test_a_sidecar_and_a_variable_of_somebody_else_are_no_drift(shop: Shop) -> None:
    manifest = shop.get(*BACKEND)
    spec = manifest["spec"]["template"]["spec"]
    spec["containers"][0]["env"].append({"name": "EXTRA", "value": "1"})
    spec["containers"].insert(0, {**spec["containers"][0], "name": "mesh", "ports": []})
    manifest["metadata"].pop("resourceVersion")
    shop.cluster.replace(manifest)

    shop.judge(BACKEND)

    assert shop.open() == []


def test_a_deleted_release_is_installed_again_over_what_is_there(shop: Shop) -> None:
    for secret in revisions(shop.cluster, RELEASE, shop.namespace):
        shop.cluster.delete(kinds.SECRET, secret["metadata"]["name"], shop.namespace)

    shop.judge()

    (work,) = Operation.objects.filter(store=shop.store, state=OperationState.QUEUED)
    assert work.kind == OperationKind.RECONCILE
    assert [each.kind for each in shop.open()] == ["Release"]
    assert shop.events()[-2:] == [EventType.DRIFT_DETECTED, EventType.SELF_HEAL]


def test_a_deleted_namespace_is_a_reconciliation_that_says_what_was_lost(shop: Shop) -> None:
    shop.cluster.delete(kinds.NAMESPACE, shop.namespace)
    shop.cluster.wait_gone(kinds.NAMESPACE, shop.namespace, timeout=60)

    shop.judge(SERVICE)

    (work,) = Operation.objects.filter(store=shop.store, state=OperationState.QUEUED)
    assert work.kind == OperationKind.RECONCILE
    assert [(each.kind, each.verdict) for each in shop.open()] == [("Namespace", Verdict.MISSING)]


def test_a_namespace_on_its_way_out_is_waited_for(shop: Shop) -> None:
    namespace = shop.get("Namespace", shop.namespace)
    leaving = {**namespace, "metadata": {**namespace["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    shop.cluster.delete(BY_NAME["Service"], "backend", shop.namespace)
    real = Cluster.get

    def get(self: Cluster, kind: kinds.Kind, *where: Any) -> Any:
        return leaving if kind == kinds.NAMESPACE else real(self, kind, *where)

    with patch.object(Cluster, "get", get):
        assert shop.judge(SERVICE) == judging.LEAVING_SECONDS
        assert shop.judge() == judging.LEAVING_SECONDS
    assert shop.open() == []


def test_nothing_is_kept_of_a_store_that_is_gone(shop: Shop) -> None:
    change_image(shop)
    shop.judge(BACKEND)
    desired.forget(shop.store)
    assert shop.open() == []
    assert not Desired.objects.filter(store=shop.store).exists()


def test_a_release_that_helm_is_at_is_let_be(shop: Shop) -> None:
    secret = revisions(shop.cluster, RELEASE, shop.namespace)[-1]
    secret["metadata"]["labels"]["status"] = "pending-upgrade"
    shop.cluster.replace(secret)
    change_image(shop)

    assert shop.judge() is None
    assert shop.open() == []


def test_a_release_of_another_revision_is_read_anew(shop: Shop) -> None:
    Desired.objects.filter(store=shop.store).update(release_uid="another", manifests={})

    shop.judge()

    assert shop.open() == []
    assert "Deployment" in Desired.objects.get(store=shop.store).manifests


def test_a_store_that_is_worked_on_is_left_to_its_operation(shop: Shop) -> None:
    change_image(shop)
    shop.judge(BACKEND)
    assert shop.judge(BACKEND) == 1.0, "a heal is waited for"
    transitions.cancel(Operation.objects.get(store=shop.store, kind=OperationKind.HEAL))
    reconcile(shop.store)
    assert shop.judge(BACKEND) is None


@pytest.mark.parametrize(
    "fields", [{"suspended": True}, {"phase": Phase.FAILED}, {"deletion_requested_at": timezone.now()}]
)
def test_a_paused_failed_or_leaving_store_is_not_judged(shop: Shop, fields: dict[str, Any]) -> None:
    Store.objects.filter(pk=shop.store.pk).update(**fields)
    change_image(shop)
    assert shop.judge(BACKEND) is None
    assert shop.open() == []


def fought_over(shop: Shop, times: int) -> float | None:
    """The backend's image was changed and healed so often in the last minutes, and is changed again."""
    change_image(shop)
    now = timezone.now()
    work = Operation.objects.create(store=shop.store, kind=OperationKind.HEAL, generation=1, state="succeeded")
    for number in range(times):
        at = now - timedelta(seconds=10 * (number + 1))
        fields = {"kind": "Deployment", "name": "backend", "verdict": Verdict.CHANGED, "message": "x"}
        Finding.objects.create(store=shop.store, detected_at=at, healed_at=at, healed_by=work, **fields)
    return shop.judge(BACKEND)


def test_an_object_that_was_healed_just_now_waits_for_its_turn(shop: Shop) -> None:
    delay = fought_over(shop, 3)
    assert delay is not None
    assert 5 < delay <= 18
    assert heals(shop) == 1


def test_a_store_that_keeps_drifting_is_left_to_a_person(shop: Shop) -> None:
    assert fought_over(shop, MOST_HEALS) is None

    assert heals(shop) == 1
    stalled = shop.store.conditions.get(type="Stalled")
    assert (stalled.status, stalled.reason) == ("True", "HealingStopped")
    assert "Deployment 'backend'" in stalled.message
    assert shop.events()[-1] == EventType.HEAL_STOPPED
    told = shop.events()
    shop.judge(BACKEND)
    assert shop.events() == told

    reconcile(shop.store)
    transitions.cancel(Operation.objects.get(store=shop.store, state=OperationState.QUEUED))
    shop.judge(BACKEND)
    assert shop.heal()
    assert shop.open() == []


def test_a_person_s_wish_comes_before_a_heal(shop: Shop) -> None:
    change_image(shop)
    shop.judge(BACKEND)
    reconcile(shop.store)
    states = dict(Operation.objects.filter(store=shop.store).values_list("kind", "state"))
    assert states[OperationKind.HEAL] == OperationState.CANCELLED
    assert states[OperationKind.RECONCILE] == OperationState.QUEUED


def test_who_applies_an_object_is_who_made_it(shop: Shop) -> None:
    standing = desired.look(shop.cluster, shop.store)
    assert desired.manager_of(standing.manifests["Service"]["backend"]) == "helm"
    assert desired.manager_of(standing.manifests["Namespace"][shop.namespace]) == FIELD_MANAGER
    assert BY_NAME.keys() >= standing.manifests.keys()
    assert findings.open_of(shop.store).count() == 0


def test_what_can_t_be_put_right_fails_the_heal_and_not_the_store(shop: Shop) -> None:
    deployment = shop.get("Deployment", "storefront")
    shop.cluster.delete(kinds.DEPLOYMENT, "storefront", shop.namespace)
    shop.cluster.wait_gone(kinds.DEPLOYMENT, "storefront", shop.namespace, timeout=30)
    other = {"app": "other"}
    spec = {**deployment["spec"], "selector": {"matchLabels": other}}
    spec["template"] = {**spec["template"], "metadata": {"labels": other}}
    labels = deployment["metadata"]["labels"]
    metadata = {"name": "storefront", "namespace": shop.namespace, "labels": labels}
    shop.cluster.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})

    shop.judge(("Deployment", "storefront"))
    assert "/spec/selector" in shop.open()[0].message
    assert not shop.heal()

    work = Operation.objects.get(store=shop.store, kind=OperationKind.HEAL)
    assert (work.state, work.error_reason) == (OperationState.FAILED, "Invalid")
    assert shop.events()[-1] == EventType.HEAL_FAILED
    shop.store.refresh_from_db()
    assert shop.store.phase != Phase.FAILED
    assert shop.condition() == ("True", "Drifted")
    delay = shop.judge(("Deployment", "storefront"))
    assert delay is not None
    assert 0 < delay <= 2


def test_what_has_become_another_tenants_store_is_neither_judged_by_this_record_nor_healed_to_it(shop: Shop) -> None:
    # As after a database's older backup: this store was removed since, and its name given to another tenant's.
    Store.objects.filter(pk=shop.store.pk).update(tenant=TenantFactory())
    before = shop.versions()

    shop.judge()

    assert [(each.kind, each.verdict) for each in shop.open()] == [("Namespace", "missing")]
    assert heals(shop) == 0
    assert shop.versions() == before


def test_a_heal_that_was_begun_leaves_another_tenants_store_alone(shop: Shop) -> None:
    Store.objects.filter(pk=shop.store.pk).update(tenant=TenantFactory())
    change_image(shop)
    shop.judge(BACKEND)

    shop.heal()

    assert image_of(shop) == "evil:1"
