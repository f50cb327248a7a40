"""A sweep finds what is left, in few calls, and touches nothing."""

import pytest
import redis
from django.utils import timezone

from provisioner.cluster import Cluster, Unavailable
from provisioner.drift.orphans import looking, sweeping, tasks
from provisioner.drift.orphans.deciding import Seen
from provisioner.drift.orphans.models import Orphan
from stores.models import Store
from stores.publish import streams
from tests.provisioner.drift.orphans.conftest import everything, found, namespace, release, stream
from tests.provisioner.factories import StoreFactory
from tests.provisioner.mirror.conftest import Person, Remembered

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]

ALL_OF_IT = {
    ("Namespace", "", "store-gone"),
    ("PersistentVolumeClaim", "store-gone", "data"),
    ("Release", "store-gone", "store"),
    ("RedisKey", "", "store:events:gone"),
    ("Store", "", "gone"),
}


def test_all_that_is_left_of_a_store_is_found_and_nothing_is_touched(api: Remembered) -> None:
    everything(api, "gone")
    StoreFactory(name="gone", deletion_requested_at=timezone.now(), deleted_at=timezone.now())  # its tombstone
    api.forget()

    assert sweeping.sweep(api) == 5

    assert found() == ALL_OF_IT
    assert api.writes == []
    assert streams().exists("store:events:gone")


@pytest.mark.parametrize("values", [{}, {"deletion_requested_at": timezone.now()}])
def test_what_belongs_to_a_store_that_is_made_or_removed_just_now_is_no_orphan(
    api: Remembered, values: dict[str, object]
) -> None:
    everything(api, "shop")
    StoreFactory(name="shop", **values)

    assert sweeping.sweep(api) == 0


def test_a_store_that_is_removed_while_the_sweep_looks_leaves_no_orphan(
    api: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace(api, "shop")
    StoreFactory(name="shop")
    look = looking.look

    def removed_meanwhile(cluster: Cluster) -> Seen:
        seen = look(cluster)
        Store.objects.update(deleted_at=timezone.now())
        return seen

    monkeypatch.setattr(looking, "look", removed_meanwhile)

    assert sweeping.sweep(api) == 0


def test_a_store_that_is_made_while_the_sweep_looks_has_no_orphan(
    api: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = looking.look

    def made_meanwhile(cluster: Cluster) -> Seen:
        StoreFactory(name="shop")
        namespace(api, "shop")
        return look(cluster)

    monkeypatch.setattr(looking, "look", made_meanwhile)

    assert sweeping.sweep(api) == 0


def test_a_wish_that_nobody_has_judged_is_no_orphan(api: Remembered, person: Person) -> None:
    person.makes("wish")

    assert sweeping.sweep(api) == 0


def test_the_table_follows_what_is_there_and_remembers_since_when(api: Remembered) -> None:
    namespace(api, "gone")
    stream("gone")
    sweeping.sweep(api)
    first = Orphan.objects.get(kind="Namespace").seen_first

    streams().delete("store:events:gone")
    sweeping.sweep(api)

    (row,) = Orphan.objects.all()
    assert row.seen_first == first < row.seen_last

    StoreFactory(name="gone")
    assert sweeping.sweep(api) == 0


def test_the_number_of_calls_doesnt_depend_on_the_number_of_stores(api: Remembered) -> None:
    for number in range(5):
        namespace(api, f"gone-{number}")
        release(api, f"gone-{number}", "superseded", "superseded", "deployed")
    api.forget()

    sweeping.sweep(api)

    kinds = ("namespaces", "persistentvolumeclaims", "persistentvolumes", "secrets", "secrets", "stores")
    assert api.asked == [f"list {each}" for each in kinds]
    assert Orphan.objects.count() == 10


def test_a_redis_that_is_away_leaves_its_rows_and_the_rest_is_swept(
    api: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream("gone")
    sweeping.sweep(api)
    namespace(api, "gone")

    class Away:
        def scan_iter(self, *_: object, **__: object) -> None:
            raise redis.ConnectionError

    monkeypatch.setattr(looking, "streams", Away)
    sweeping.sweep(api)

    assert found() == {("RedisKey", "", "store:events:gone"), ("Namespace", "", "store-gone")}


def test_a_cluster_that_is_away_changes_nothing(api: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    stream("gone")
    tasks.sweep_orphans()
    streams().delete("store:events:gone")

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("The API server doesn't answer.")

    with monkeypatch.context() as away:
        away.setattr(Cluster, "list", fail)
        tasks.sweep_orphans()

    assert found() == {("RedisKey", "", "store:events:gone")}
