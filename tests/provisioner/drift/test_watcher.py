"""The watcher: a change in the cluster is judged as it happens, by two watchers at once too."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from provisioner import watching
from provisioner.cluster import Cluster
from provisioner.cluster.kinds import CONFIG_MAP, SECRET, SERVICE
from provisioner.drift import judging, watcher
from provisioner.drift.desired import BY_NAME
from provisioner.drift.models import Finding
from provisioner.drift.noticing import EVERYTHING, Debouncer
from provisioner.helm.storage import revisions
from provisioner.labels import RELEASE
from provisioner.operations.models import Operation, OperationKind
from tests.chaos.waiting import until
from tests.provisioner.drift.shop import Object, Shop
from tests.provisioner.fake_api import Asked, Reply, fake_api, kubeconfig, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


@pytest.fixture(autouse=True)
def short_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher that is told to stop does so between two watches."""
    monkeypatch.setattr(watching, "WATCH_SECONDS", 1.0)


class Judges:
    """In place of the messages to workers: the judge, in the thread that would send them."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name, self.handed = cluster, name, list[tuple[str, list[Object]]]()

    def __call__(self, store: str, objects: list[Object]) -> None:
        if store not in (EVERYTHING, self.name):
            return
        self.handed.append((store, objects))
        try:
            if store != EVERYTHING:
                judging.judge(self.cluster, store, objects)
        finally:
            connection.close()

    def sweeps(self) -> int:
        return sum(store == EVERYTHING for store, _ in self.handed)


@contextmanager
def watchers(cluster: Cluster, judges: Judges, kind: Any, number: int = 1) -> Iterator[None]:
    """So many watchers of one kind, for the time of a `with`; it begins when all have their list."""
    stop = threading.Event()
    debouncers = [Debouncer(judges) for _ in range(number)]
    works: list[Callable[[], None]] = []
    for each in debouncers:
        works += [lambda it=each: it.run(stop), lambda it=each: watcher.watch_kind(cluster, kind, it, stop)]  # type: ignore[misc]
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        until(lambda: judges.sweeps() >= number, "the watchers to have their lists", seconds=60)
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def found(shop: Shop) -> bool:
    return bool(shop.open())


@pytest.mark.parametrize("number", [1, 2])
def test_a_deleted_object_is_judged_and_one_heal_is_begun(shop: Shop, number: int) -> None:
    judges = Judges(shop.cluster, shop.store.name)
    with watchers(shop.cluster, judges, SERVICE, number):
        shop.cluster.delete(SERVICE, "backend", shop.namespace)
        until(lambda: sum(store == shop.store.name for store, _ in judges.handed) >= number, "judges", seconds=60)
        until(lambda: found(shop), "the finding", seconds=60)

    assert Finding.objects.filter(store=shop.store).count() == 1
    assert Operation.objects.filter(store=shop.store, kind=OperationKind.HEAL).count() == 1
    assert shop.events().count("DRIFT_DETECTED") == 1


def test_a_change_of_spec_is_judged_and_one_of_status_is_not(shop: Shop) -> None:
    judges = Judges(shop.cluster, shop.store.name)
    with watchers(shop.cluster, judges, SERVICE):
        balanced = {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}}
        shop.cluster.patch_merge(SERVICE, "backend", shop.namespace, balanced, subresource="status")
        shop.cluster.patch_merge(SERVICE, "storefront", shop.namespace, {"spec": {"selector": {"x": "y"}}})
        until(lambda: found(shop), "the finding", seconds=60)

    assert {each for _, objects in judges.handed for each in objects} == {("Service", "storefront")}


def test_a_release_that_is_deleted_is_judged_though_its_record_carries_no_label_of_ours(shop: Shop) -> None:
    judges, stop = Judges(shop.cluster, shop.store.name), threading.Event()
    debouncer = Debouncer(judges)
    works = (lambda: debouncer.run(stop), lambda: watcher.watch_releases(shop.cluster, debouncer, stop))
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        until(lambda: judges.sweeps() > 0, "the watcher to have its list", seconds=60)
        for each in revisions(shop.cluster, RELEASE, shop.namespace):
            shop.cluster.delete(SECRET, each["metadata"]["name"], shop.namespace)
        until(lambda: found(shop), "the finding", seconds=60)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)

    assert [(each.kind, each.verdict) for each in shop.open()] == [("Release", "missing")]
    assert Operation.objects.filter(store=shop.store, kind=OperationKind.RECONCILE).count() == 1


def test_what_changed_while_no_watcher_was_there_asks_for_a_sweep(shop: Shop) -> None:
    judges = Judges(shop.cluster, shop.store.name)
    with watchers(shop.cluster, judges, SERVICE):
        pass
    shop.cluster.delete(BY_NAME["Service"], "backend", shop.namespace)
    with watchers(shop.cluster, judges, SERVICE):
        until(lambda: judges.sweeps() >= 2, "the second sweep", seconds=60)


def test_a_watch_that_expired_begins_with_a_new_list_and_a_sweep(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists: list[Asked] = []

    def script(asked: Asked) -> Reply:
        if "watch" in asked.query:
            return Reply(410, status(410, "Expired", "too old resource version"))
        lists.append(asked)
        return Reply(body={"metadata": {"resourceVersion": str(len(lists))}, "items": []})

    with fake_api(script) as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{api.port}")))
        judges = Judges(Cluster(), "nobody")
        with watchers(judges.cluster, judges, CONFIG_MAP):
            until(lambda: len(lists) >= 3 and judges.sweeps() >= 2, "new lists", seconds=60)
