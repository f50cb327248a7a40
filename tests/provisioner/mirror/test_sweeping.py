"""The sweep alone is enough: it finds wishes and mends what differs, and writes nothing where nothing does."""

import threading
from collections import Counter
from collections.abc import Callable
from io import StringIO
from typing import Any, TypeVar

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from provisioner import cluster as gateways
from provisioner.cluster import Conflict
from provisioner.cluster.kinds import STORE
from provisioner.mirror import rows, sweeping, tasks, writer
from provisioner.mirror.models import Mirror
from provisioner.mirror.republishing import republish
from stores.changes import Change, apply_change
from stores.choices import EventType, Phase
from stores.models import Store
from stores.status import Activity
from tests.provisioner.factories import StoreFactory, TenantFactory, operation
from tests.provisioner.mirror.conftest import Person, Remembered, condition
from tests.simulation.clock import Clock
from tests.simulation.cluster import SimCluster
from tests.simulation.objects import Objects
from tests.simulation.referee import Referee

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]

T = TypeVar("T")


def sweep(api: Remembered) -> int:
    """One sweep; how many mirrors differed."""
    return sweeping.sweep(api, lambda store_id: writer.write(api, store_id))


@pytest.fixture
def store(api: Remembered) -> Store:
    made = StoreFactory()
    sweep(api)
    api.forget()
    return made


def test_a_sweep_that_finds_nothing_is_one_list(api: Remembered, store: Store) -> None:
    assert sweep(api) == 0
    assert api.asked == ["list stores"]


def test_a_record_that_has_changed_is_written(api: Remembered, store: Store) -> None:
    store.message = "News."
    store.save()

    assert sweep(api) == 1
    assert api.asked == ["list stores", "apply stores/status"]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_not_committed_when_the_mirror_was_written_is_written_too(api: Remembered) -> None:
    """Its message is lost, as that of a worker which is killed right after its commit."""
    store = StoreFactory()
    sweep(api)
    changed, written = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            apply_change(store.pk, Activity.PROVISIONING, Change(EventType.PROVISIONING_START, "News."))
            changed.set()
            assert written.wait(60)
        connection.close()

    worker = threading.Thread(target=change)
    worker.start()
    assert changed.wait(60)
    writer.write(api, store.pk)
    written.set()
    worker.join(60)

    sweep(api)

    found = api.get(STORE, store.name)
    assert found is not None
    assert (found["status"]["phase"], found["status"]["message"]) == (Phase.PROVISIONING, "News.")


def test_whatever_somebody_did_is_mended_or_taken(api: Remembered, person: Person, store: Store) -> None:
    gone, edited, wished, deleted = (StoreFactory() for _ in range(4))
    sweep(api)
    person.deletes_by_force(gone.name)
    person.sets_status(edited.name, phase="Failed")
    person.sets(wished.name, displayName="Wished")
    person.deletes(deleted.name)
    TenantFactory(slug="acme")
    person.makes("fresh", tenant="acme")

    assert sweep(api) == 5

    for each in (gone, edited, wished, deleted):
        each.refresh_from_db()
    assert api.get(STORE, gone.name) is not None
    assert gone.events.filter(type=EventType.RESOURCE_RESTORED).exists()
    assert shown(api, edited)["phase"] == edited.phase
    assert wished.display_name == "Wished"
    assert deleted.deletion_requested_at is not None
    fresh = Store.objects.get(name="fresh")
    assert condition(api.get(STORE, "fresh"), "Accepted")["status"] == "True"
    assert shown(api, fresh)["phase"] == fresh.phase
    api.forget()
    assert (sweep(api), api.writes) == (0, [])


def test_the_place_in_the_queue_follows_with_one_write(api: Remembered) -> None:
    first, second = StoreFactory(), StoreFactory()
    for each in (first, second):
        operation(each, running=False)
    sweep(api)
    assert shown(api, second)["queuePosition"] == 2
    first.operations.update(state="cancelled")
    api.forget()

    sweep(api)

    assert shown(api, second)["queuePosition"] == 1
    assert api.writes == ["apply stores/status"] * 2


def test_a_refusal_that_passes_is_tried_again_by_the_sweep(api: Remembered, person: Person) -> None:
    full = TenantFactory(slug="full")
    others = StoreFactory.create_batch(10, tenant=full)
    person.makes("shop", tenant="full")
    sweep(api)
    assert condition(api.get(STORE, "shop"), "Accepted")["reason"] == "QuotaExceeded"
    assert condition(api.get(STORE, "shop"), "Reconciling")["status"] == "True"
    api.forget()
    sweep(api)
    assert api.writes == []

    Store.objects.filter(pk=others[0].pk).update(deletion_requested_at=NOON, deleted_at=NOON)
    sweep(api)

    assert Store.objects.filter(name="shop").exists()


def test_a_resource_of_a_store_that_nobody_knows_is_not_deleted(api: Remembered, store: Store) -> None:
    before = api.get(STORE, store.name)
    store.delete()

    assert sweep(api) == 0

    assert api.get(STORE, "nobody") is None
    left = api.get(STORE, store.name)
    assert left == before
    assert not Store.objects.exists()


def test_a_wish_that_can_not_be_judged_keeps_no_other_from_it(
    api: Remembered, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    TenantFactory(slug="acme")
    person.makes("awkward", tenant="acme")
    person.makes("fresh", tenant="acme")
    get = api.get

    def fails_for_one(kind: Any, name: str, namespace: str | None = None) -> Any:
        if name == "awkward":
            raise Conflict("not now")
        return get(kind, name, namespace)

    with monkeypatch.context() as patch:
        patch.setattr(api, "get", fails_for_one)
        sweep(api)

    assert list(Store.objects.values_list("name", flat=True)) == ["fresh"]


def test_the_task_does_the_same_and_tells_events(api: Remembered, person: Person) -> None:
    TenantFactory(slug="acme")
    person.makes("fresh", tenant="acme")

    tasks.sweep_mirrors()
    tasks.sweep_mirrors()

    assert condition(api.get(STORE, "fresh"), "Accepted")["status"] == "True"


class InMemory(SimCluster):
    """A gateway without a server behind it, for more stores than a test has time to send over the wire."""

    def __init__(self) -> None:
        clock = Clock()
        super().__init__(Objects(clock), Referee([], clock), lambda _: None)
        self.asked: list[str] = []

    def _ask(self, asked: str, act: Callable[[], T], *, mutates: bool) -> T:
        self.asked.append(asked)
        return super()._ask(asked, act, mutates=mutates)


def asked_of(api: Any) -> Counter[str]:
    """What a gateway was asked since the last time, by verb and kind."""
    asked = Counter(" ".join(each.split()[:2]) for each in api.asked)
    api.forget() if isinstance(api, Remembered) else api.asked.clear()
    return asked


def many(number: int) -> None:
    """Stores that were mirrored in a cluster that is gone."""
    tenant = TenantFactory()
    Store.objects.bulk_create(Store(tenant=tenant, name=f"many-{each}", plan="small") for each in range(number))
    Mirror.objects.bulk_create(
        Mirror(store=store, uid=f"of-another-cluster-{store.pk}", spec={}, generation=1, resource_version="1")
        for store in Store.objects.all()
    )


def test_an_empty_cluster_gets_each_document_once_and_a_second_run_writes_nothing(api: Remembered) -> None:
    many(50)
    seen: list[tuple[int, int]] = []

    first = republish(api, lambda done, of: seen.append((done, of)))

    assert (first.stores, first.written, first.failed) == (50, 50, ())
    assert asked_of(api) == {"list stores": 1, "get stores": 50, "apply stores": 50, "apply stores/status": 50}
    assert seen[-1] == (50, 50)
    second = republish(api, lambda *_: None)
    assert (second.written, asked_of(api)) == (0, {"list stores": 1})


@pytest.mark.timeout(900)
def test_two_thousand_stores_are_republished_by_one_write_of_each_document_and_then_by_none() -> None:
    many(2000)
    cluster: Any = InMemory()

    first = republish(cluster, lambda *_: None)

    assert (first.stores, first.written, first.failed) == (2000, 2000, ())
    # The document with the spec and that with the status.
    assert asked_of(cluster) == {"list stores": 1, "get Store": 2000, "apply Store": 4000}
    second = republish(cluster, lambda *_: None)
    assert (second.written, asked_of(cluster)) == (0, {"list stores": 1})
    assert sweeping.sweep(cluster, lambda store_id: writer.write(cluster, store_id)) == 0
    assert asked_of(cluster) == {"list stores": 1}


def test_the_command_republishes_and_tells(api: Remembered) -> None:
    store = StoreFactory()
    out = StringIO()

    call_command("mirror_republish", stdout=out)
    call_command("mirror_republish", "--quiet", stdout=out)

    assert out.getvalue().splitlines() == [
        "1 of 1 stores",
        "1 of 1 resources were written.",
        "0 of 1 resources were written.",
    ]
    assert api.get(STORE, store.name) is not None


def test_the_command_says_when_the_cluster_is_away(api: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    StoreFactory()
    gateways.cluster.cache_clear()

    with monkeypatch.context() as patch:
        patch.delenv("KUBECONFIG")
        with pytest.raises(CommandError, match="Run the command again"):
            call_command("mirror_republish", stdout=StringIO())


def test_a_look_is_asked_for_once_and_not_for_what_is_known(api: Remembered, store: Store) -> None:
    known = Mirror.objects.get().resource_version

    assert rows.look_again(store.pk, known) is False
    assert rows.look_again(store.pk, "another") is True
    assert rows.look_again(store.pk, "a third") is False


NOON = "2026-01-02T12:00:00Z"


def shown(api: Remembered, store: Store) -> Any:
    """The status of the store's resource."""
    resource = api.get(STORE, store.name)
    assert resource is not None
    return resource["status"]
