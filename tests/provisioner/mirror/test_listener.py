"""The watcher: what happens to resources is noticed as it happens, by two watchers at once too."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from provisioner import watching
from provisioner.cluster import Cluster, WatchEvent
from provisioner.cluster.kinds import STORE
from provisioner.drift.watcher import watch_stores
from provisioner.mirror import sweeping, tasks, writer
from provisioner.mirror.listener import Listener
from provisioner.mirror.models import Mirror
from stores.choices import EventType
from stores.models import Store
from tests.chaos.waiting import until
from tests.provisioner.factories import StoreFactory, TenantFactory
from tests.provisioner.fake_api import Asked, Reply, fake_api, kubeconfig, status
from tests.provisioner.mirror.conftest import Person, Remembered, condition

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


@pytest.fixture(autouse=True)
def written_at_once(api: Remembered, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """In place of the message to a worker: the writer, in the thread of whoever would send it."""
    asked: list[int] = []

    def write(store_id: int) -> None:
        asked.append(store_id)
        writer.write(api, store_id)

    for user in ("provisioner.mirror.listener", "provisioner.service"):
        monkeypatch.setattr(f"{user}.mirror_soon", write)
    return asked


@contextmanager
def watchers(api: Remembered, number: int) -> Iterator[None]:
    """So many watchers, for the time of a `with`."""
    stop = threading.Event()
    threads = [threading.Thread(target=watch_stores, args=(api, stop), daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


@pytest.fixture(autouse=True)
def short_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher that is told to stop does so between two watches."""
    monkeypatch.setattr(watching, "WATCH_SECONDS", 1.0)


def eventually(look: Callable[[], object], what: str) -> None:
    until(lambda: bool(look()), what, seconds=60)


@pytest.mark.parametrize("number", [1, 2])
def test_a_store_lives_by_kubectl_alone(api: Remembered, person: Person, number: int) -> None:
    TenantFactory(slug="acme")
    with watchers(api, number):
        person.makes("shop", tenant="acme")
        eventually(lambda: condition(api.get(STORE, "shop"), "Accepted").get("status") == "True", "the store")
        store = Store.objects.get()

        person.sets("shop", displayName="Shop")
        eventually(lambda: Store.objects.filter(display_name="Shop"), "the new name in the record")
        person.sets_status("shop", phase="Ready")
        eventually(lambda: (api.get(STORE, "shop") or {})["status"]["phase"] == "Pending", "the status to be put back")
        person.deletes("shop")
        eventually(lambda: store.operations.filter(kind="teardown"), "the teardown")
    store.refresh_from_db()
    writer.remove(api, store)
    assert api.get(STORE, "shop") is None
    told = store.events.filter(origin="kubectl").order_by("pk").values_list("type", flat=True)
    assert list(told) == [EventType.STORE_REQUESTED, EventType.SPEC_CHANGED, EventType.DELETE_START]
    assert store.events.filter(type=EventType.DELETE_START).count() == 1


def test_a_resource_deleted_by_force_is_back_at_once(api: Remembered, person: Person) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    with watchers(api, 2):
        person.deletes_by_force(store.name)
        eventually(lambda: api.get(STORE, store.name), "the resource to be made again")
        eventually(lambda: store.events.filter(type=EventType.RESOURCE_RESTORED), "the event")
    assert store.events.filter(type=EventType.RESOURCE_RESTORED).count() == 1


def test_a_watcher_that_was_away_finds_what_vanished_meanwhile(api: Remembered, person: Person) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    person.deletes_by_force(store.name)

    with watchers(api, 1):
        eventually(lambda: api.get(STORE, store.name), "the resource to be made again")


def test_our_own_writes_ask_for_nothing(api: Remembered, written_at_once: list[int]) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    resource = api.get(STORE, store.name)
    assert resource is not None

    Listener(api).take(WatchEvent("MODIFIED", resource))

    assert written_at_once == []
    assert Mirror.objects.get().resource_version == resource["metadata"]["resourceVersion"]


def test_without_any_watcher_the_sweep_does_all_of_it(api: Remembered, person: Person) -> None:
    TenantFactory(slug="acme")

    def sweep() -> None:
        sweeping.sweep(api, lambda store_id: writer.write(api, store_id))

    person.makes("shop", tenant="acme")
    sweep()
    store = Store.objects.get()
    person.sets("shop", displayName="Shop")
    sweep()
    person.deletes("shop")
    sweep()

    store.refresh_from_db()
    assert (store.display_name, store.operations.get(kind="teardown").state) == ("Shop", "running")
    assert condition(api.get(STORE, "shop"), "Reconciling")["status"] == "True"


def test_a_sweep_and_a_watcher_at_once_make_one_store(api: Remembered, person: Person) -> None:
    TenantFactory(slug="acme")
    with watchers(api, 2):
        for number in range(4):
            person.makes(f"shop-{number}", tenant="acme")
            tasks.sweep_mirrors()
        eventually(lambda: Mirror.objects.exclude(uid="").count() == 4, "four stores")
    assert Store.objects.count() == 4
    assert sorted(Store.objects.values_list("events__type", flat=True)) == [EventType.STORE_REQUESTED] * 4


def test_a_version_that_is_too_old_leads_to_a_new_list(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, stop, seen = tmp_path_factory.mktemp("fake"), threading.Event(), list[str]()

    def script(asked: Asked) -> Reply:
        if "watch" not in asked.query:
            names = [item("one", "5")] if len(api.asked) == 1 else [item("two", "9")]
            return Reply(body={"metadata": {"resourceVersion": "9"}, "items": names})
        gone = status(410, "Expired", "too old resource version")
        return Reply(lines=({"type": "ERROR", "object": gone},))

    def take(event: WatchEvent) -> None:
        seen.append(f"{event.type} {event.object['metadata']['name']}")
        if "ADDED two" in seen:
            stop.set()

    with fake_api(script) as api, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(kubeconfig(folder, f"http://127.0.0.1:{api.port}")))
        watching.follow(Cluster(), STORE, take, stop)

    assert seen == ["ADDED one", "ADDED two"]
    assert next(asked.query["resourceVersion"] for asked in api.asked if "watch" in asked.query) == "9"


def item(name: str, version: str) -> dict[str, object]:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": version}, "spec": {"engine": "medusa"}}
