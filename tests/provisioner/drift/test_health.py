"""The sweep of health: it finds what changed about workloads, and locks no store for what didn't."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from provisioner import labels
from provisioner.cluster import Kind
from provisioner.drift import health
from provisioner.pipelines.steps.workloads import BACKEND, WATCHED, Watched
from stores.choices import ConditionStatus, Phase
from stores.models import Store
from tests.provisioner.factories import StoreFactory

pytestmark = pytest.mark.django_db


class Workloads:
    """Stands in for the gateway to a cluster: only its lists are asked for."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, store: Store, watched: Watched, *, ready: int = 1) -> None:
        metadata = {"name": watched.name, "generation": 1, "labels": {labels.STORE_LABEL: store.name}}
        status = {"observedGeneration": 1, "replicas": 1, "readyReplicas": ready, "availableReplicas": ready}
        manifest = {"metadata": metadata, "spec": {"replicas": 1}, "status": {**status, "updatedReplicas": 1}}
        self.there[store.name, watched.component] = {**manifest, "kind": watched.kind.kind}

    def list(self, kind: Kind, **_: object) -> list[dict[str, Any]]:
        return [each for each in self.there.values() if each["kind"] == kind.kind]


def settled(cluster: Workloads) -> Store:
    store: Store = StoreFactory(phase=Phase.READY)
    for watched in WATCHED:
        known = {"status": ConditionStatus.TRUE, "reason": "WorkloadReady", "last_transition_time": timezone.now()}
        store.conditions.create(type=watched.condition, observed_generation=1, **known)
        cluster.add(store, watched)
    return store


def seen(cluster: Any) -> list[tuple[str, str, bool]]:
    return [(each.store, each.watched.component, each.manifest is not None) for each in health.look(cluster)]


def test_stores_that_are_as_their_records_say_are_no_news_and_cost_two_queries_however_many() -> None:
    cluster: Any = Workloads()
    for _ in range(5):
        settled(cluster)

    with CaptureQueriesContext(connection) as queries:
        assert seen(cluster) == []

    assert len(queries) == 2
    assert not any("FOR" in each["sql"].split() for each in queries)


def test_a_workload_that_stopped_serving_or_is_missing_is_news_until_it_is_taken() -> None:
    cluster: Any = Workloads()
    broken, bereft = settled(cluster), settled(cluster)
    cluster.add(broken, BACKEND, ready=0)
    del cluster.there[bereft.name, BACKEND.component]

    assert sorted(seen(cluster)) == sorted([(broken.name, "backend", True), (bereft.name, "backend", False)])

    assert all(health.take(each) for each in health.look(cluster))
    assert set(Store.objects.values_list("phase", flat=True)) == {Phase.DEGRADED}
    assert seen(cluster) == []


def test_stores_that_are_on_their_way_are_left_to_their_operations() -> None:
    cluster: Any = Workloads()
    for store in (settled(cluster), settled(cluster)):
        cluster.add(store, BACKEND, ready=0)
    born, leaving = Store.objects.order_by("id")
    Store.objects.filter(pk=born.pk).update(phase=Phase.PROVISIONING)
    Store.objects.filter(pk=leaving.pk).update(deletion_requested_at=timezone.now())

    assert seen(cluster) == []


@pytest.mark.parametrize(("phase", "suspended"), [(Phase.FAILED, False), (Phase.SUSPENDED, True)])
def test_the_conditions_of_a_store_that_failed_or_is_suspended_follow_its_pods_and_its_phase_stays(
    phase: Phase, suspended: bool
) -> None:
    cluster: Any = Workloads()
    store = settled(cluster)
    Store.objects.filter(pk=store.pk).update(phase=phase, suspended=suspended, message="Why.")

    for ready, status in ((0, ConditionStatus.FALSE), (1, ConditionStatus.TRUE)):
        cluster.add(store, BACKEND, ready=ready)
        assert [health.take(each) for each in health.look(cluster)] == [True]
        assert store.conditions.get(type=BACKEND.condition).status == status

    store.refresh_from_db()
    assert (store.phase, store.message) == (phase, "Why.")
    assert not store.events.exists()


def test_a_suspended_store_that_waits_for_its_name_isnt_told_how_the_earlier_one_is() -> None:
    cluster: Any = Workloads()
    earlier = settled(cluster)
    Store.objects.filter(pk=earlier.pk).update(deletion_requested_at=timezone.now(), phase=Phase.DELETING)
    waiting = StoreFactory(name=earlier.name, phase=Phase.SUSPENDED, suspended=True)

    assert seen(cluster) == []
    assert not health.take(health.Sighting(waiting.name, BACKEND, cluster.there[earlier.name, BACKEND.component]))
    assert not waiting.conditions.exists()
