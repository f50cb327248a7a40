"""The sweep alone: it finds all that the watcher finds, and asks the cluster no more for more stores."""

import copy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from provisioner import secrets
from provisioner.cluster import Cluster, Manifest
from provisioner.drift import desired, sweeping, tasks
from provisioner.drift.desired import BY_NAME, KINDS
from provisioner.drift.models import Desired
from provisioner.operations.models import OperationKind
from provisioner.safekeeping import KEPT_FOR
from stores.choices import DriftPolicy, Phase
from stores.models import Store
from tenants.models import Tenant
from tests.provisioner.drift.recorded import pairs
from tests.provisioner.drift.shop import Shop
from tests.provisioner.factories import StoreFactory, TenantFactory, operation
from tests.provisioner.fake_api import Asked, FakeApi, Reply, kubeconfig

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def judged(shop: Shop) -> Iterator[None]:
    """The sweep's messages are carried at once."""

    def carry(message: Any, **_: Any) -> bool:
        message.apply()
        return True

    with patch.object(tasks, "send", carry):
        yield


@pytest.mark.cluster
@pytest.mark.usefixtures("judged")
class TestAlone:
    """Without a watcher."""

    def test_a_clean_store_costs_no_judgement(self, shop: Shop) -> None:
        assert sweeping.suspects(shop.cluster) == {}

    def test_a_deleted_and_a_changed_object_are_found_and_healed(self, shop: Shop) -> None:
        shop.cluster.delete(BY_NAME["Service"], "backend", shop.namespace)
        shop.cluster.delete(BY_NAME["NetworkPolicy"], "storefront", shop.namespace)
        quota = shop.get("ResourceQuota", "store")
        quota["spec"]["hard"]["pods"] = "99"
        shop.cluster.replace(quota)

        tasks.sweep_drift()
        assert shop.heal()
        tasks.sweep_drift()

        assert shop.open() == []
        assert shop.get("Service", "backend")
        assert shop.get("ResourceQuota", "store")["spec"]["hard"]["pods"] != "99"
        assert sweeping.suspects(shop.cluster) == {}

    def test_an_object_that_lost_its_label_is_still_seen(self, shop: Shop) -> None:
        service = shop.get("Service", "backend")
        del service["metadata"]["labels"]["app.kubernetes.io/part-of"]
        shop.cluster.replace(service)

        tasks.sweep_drift()

        assert [each.verdict for each in shop.open()] == ["changed"]

    def test_a_finding_that_ended_by_itself_is_closed(self, shop: Shop) -> None:
        Store.objects.filter(pk=shop.store.pk).update(drift_policy=DriftPolicy.WARN)
        service = shop.get("Service", "backend")
        shop.cluster.patch_merge(BY_NAME["Service"], "backend", shop.namespace, {"metadata": {"labels": {"a": "b"}}})
        selector = service["spec"]["selector"]
        shop.cluster.patch_merge(BY_NAME["Service"], "backend", shop.namespace, {"spec": {"selector": {"x": "y"}}})
        tasks.sweep_drift()
        assert len(shop.open()) == 1

        shop.cluster.patch_merge(
            BY_NAME["Service"], "backend", shop.namespace, {"spec": {"selector": {**selector, "x": None}}}
        )
        tasks.sweep_drift()

        assert shop.open() == []
        assert shop.condition() == ("False", "AsAskedFor")

    def test_a_store_from_before_there_were_rows_gets_one(self, shop: Shop) -> None:
        Desired.objects.all().delete()
        tasks.sweep_drift()
        assert Desired.objects.filter(store=shop.store).exists()
        assert sweeping.suspects(shop.cluster) == {}


LISTS = {kind.path(): kind for kind in KINDS}
PAGE = 500
SECRET_KEYS = tuple(secrets.manifest(Store(name="any"), "")["data"])


class Many:
    """A cluster of many stores, each as the recorded one; it serves lists in pages, and nothing else."""

    def __init__(self, names: list[str]) -> None:
        self.items: dict[str, list[Manifest]] = {kind.kind: [] for kind in KINDS}
        self.releases: list[Manifest] = []
        self.copies: list[Manifest] = []
        for name in names:
            self._add(name)

    def _add(self, name: str) -> None:
        namespace = f"store-{name}"
        for kind, by_name in wanted_of(name).items():
            self.items[kind] += by_name.values()
        secret = self.items["Secret"][-1] = {**self.items["Secret"][-1], "data": dict.fromkeys(SECRET_KEYS, "c2VzYW1l")}
        self.copies.append({"metadata": {"labels": {KEPT_FOR: name}}, "data": dict(secret["data"])})
        labels = {"version": "1", "status": "deployed"}
        self.releases.append({"metadata": {"namespace": namespace, "uid": f"uid-{name}", "labels": labels}})

    def __call__(self, asked: Asked) -> Reply:
        selector = asked.query.get("labelSelector", "")
        if selector.startswith("owner=helm"):
            items = self.releases
            assert "PartialObjectMetadataList" in asked.headers["accept"]
        elif selector == KEPT_FOR:
            items = self.copies
        else:
            items = self.items[LISTS[asked.path].kind]
        start, limit = int(asked.query.get("continue", 0)), int(asked.query["limit"])
        more = str(start + limit) if start + limit < len(items) else ""
        return Reply(body={"metadata": {"continue": more}, "items": items[start : start + limit]})


def wanted_of(name: str) -> dict[str, dict[str, Manifest]]:
    """What the store is to have: the recorded objects under its name."""
    found = [copy.deepcopy(wanted) for wanted, _ in pairs() if wanted["metadata"]["namespace"] == "store-rec-small"]
    for manifest in found:
        manifest["metadata"]["namespace"] = f"store-{name}"
        manifest["metadata"]["labels"]["storeplane.dev/store"] = name
    own = desired._own(Store(name=name, tenant=Tenant(slug="any")))
    claim = {"name": "data-postgres-0", "namespace": f"store-{name}"}
    bound = {"kind": "PersistentVolumeClaim", "metadata": claim, "spec": {"volumeName": f"pvc-{name}"}}
    return desired.sorted_by_kind([*own, *found, bound])


def ready_stores(count: int) -> list[str]:
    tenant = TenantFactory()
    now = timezone.now()
    stores = StoreFactory.create_batch(count, tenant=tenant, phase=Phase.READY, ready_at=now)
    Desired.objects.bulk_create(
        Desired(store=each, release_revision=1, release_uid=f"uid-{each.name}", manifests=wanted_of(each.name))
        for each in stores
    )
    return [each.name for each in stores]


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sweeps a simulated cluster: suspects, requests and queries."""
    servers: list[FakeApi] = []

    def sweep(many: Many) -> tuple[sweeping.Suspects, list[Asked], list[Any]]:
        servers.append(FakeApi(many))
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{servers[-1].port}")))
        with CaptureQueriesContext(connection) as queries:
            found = sweeping.suspects(Cluster())
        return found, servers[-1].asked, list(queries.captured_queries)

    yield sweep
    for server in servers:
        server.stop()


def test_three_hundred_stores_cost_as_many_calls_as_their_pages_and_no_write(swept: Any) -> None:
    one, asked_for_one, _ = swept(Many(ready_stores(1)))
    Store.objects.all().delete()
    many = Many(ready_stores(300))
    found, asked, queries = swept(many)

    assert one == found == {}
    assert len(asked_for_one) == len(KINDS) + 2
    pages = {kind.path(): -(-len(many.items[kind.kind]) // PAGE) for kind in KINDS}
    pages["/api/v1/secrets"] += 1
    pages["/api/v1/namespaces/storeplane-system/secrets"] = 1
    assert Counter(each.path for each in asked) == Counter(pages)
    assert {each.method for each in asked} == {"GET"}
    assert {query["sql"].split()[0] for query in queries} <= {"SELECT", "DECLARE", "FETCH", "CLOSE"}
    assert len(queries) < 3 * sum(pages.values())


def test_among_many_the_drifted_are_named_and_nobody_else(swept: Any) -> None:
    names = sorted(ready_stores(40))
    many = Many(names)
    many.items["Service"] = [
        each
        for each in many.items["Service"]
        if (each["metadata"]["namespace"], each["metadata"]["name"]) != (f"store-{names[3]}", "backend")
    ]
    deployment = next(each for each in many.items["Deployment"] if each["metadata"]["namespace"] == f"store-{names[7]}")
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "evil:1"
    many.items["Namespace"] = [
        each for each in many.items["Namespace"] if each["metadata"]["name"] != f"store-{names[9]}"
    ]
    many.releases = [each for each in many.releases if each["metadata"]["namespace"] != f"store-{names[11]}"]
    values = next(each for each in many.items["Secret"] if each["metadata"]["namespace"] == f"store-{names[15]}")
    values["data"]["JWT_SECRET"] = "b3RoZXI="
    many.copies = [each for each in many.copies if each["metadata"]["labels"][KEPT_FOR] != names[17]]
    claims = {each["metadata"]["namespace"]: each for each in many.items["PersistentVolumeClaim"]}
    claims[f"store-{names[19]}"]["spec"]["volumeName"] = "pvc-new"
    extra = {"name": "extra", "namespace": f"store-{names[13]}", "labels": {"storeplane.dev/store": names[13]}}
    many.items["ConfigMap"].append({"metadata": extra})

    found, _, _ = swept(many)

    assert found == {
        names[3]: {("Service", "backend")},
        names[7]: {("Deployment", deployment["metadata"]["name"])},
        names[9]: {("Namespace", f"store-{names[9]}")},
        names[11]: None,
        names[13]: {("ConfigMap", "extra")},
        names[15]: {("Secret", "store-credentials")},
        names[17]: {("Secret", "store-credentials")},
        names[19]: {("PersistentVolumeClaim", "data-postgres-0")},
    }


def test_stores_that_are_paused_gone_off_or_worked_on_are_skipped(swept: Any) -> None:
    names = ready_stores(5)
    by_name = {each.name: each for each in Store.objects.all()}
    Store.objects.filter(name=names[0]).update(suspended=True)
    Store.objects.filter(name=names[1]).update(deletion_requested_at=timezone.now())
    Store.objects.filter(name=names[2]).update(drift_policy=DriftPolicy.OFF)
    operation(by_name[names[3]], OperationKind.RECONCILE)

    found, _, _ = swept(Many([]))

    assert found == {names[4]: None}


def test_no_store_no_call(swept: Any) -> None:
    assert swept(Many([]))[:2] == ({}, [])
