"""A removal takes the orphan that a person has seen, and nothing else."""

from pathlib import Path

import pytest

from provisioner import safekeeping
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SECRET, STORE
from provisioner.drift.orphans import sweeping
from provisioner.drift.orphans.models import Orphan, OrphanKind
from provisioner.drift.orphans.removing import remove
from stores.errors import Conflict
from stores.models import Store
from stores.publish import streams
from tests.provisioner.drift.orphans.conftest import (
    everything,
    found,
    namespace,
    orphan,
    release,
    resource,
    stream,
    volume,
)
from tests.provisioner.factories import StoreFactory
from tests.provisioner.mirror.conftest import Remembered

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]


def test_a_namespace_goes_with_all_that_is_in_it(api: Remembered) -> None:
    everything(api, "gone")

    assert remove(api, orphan(api, "Namespace"))

    assert api.wait_gone(NAMESPACE, "store-gone", timeout=60)
    assert api.get(STORE, "gone") is not None
    sweeping.sweep(api)
    assert found() == {("Store", "", "gone"), ("RedisKey", "", "store:events:gone")}


def test_a_claim_goes_alone(api: Remembered) -> None:
    everything(api, "gone")

    assert remove(api, orphan(api, "PersistentVolumeClaim"))

    assert api.wait_gone(PERSISTENT_VOLUME_CLAIM, "data", "store-gone", timeout=60)
    assert api.get(NAMESPACE, "store-gone") is not None


def test_a_volume_goes_with_its_storage_though_its_class_retained_it(api: Remembered) -> None:
    namespace(api, "gone")
    kept = volume(api, "gone")

    assert remove(api, orphan(api, "PersistentVolume"))

    assert api.wait_gone(PERSISTENT_VOLUME, kept["metadata"]["name"], timeout=60)
    assert not Path(kept["spec"]["hostPath"]["path"]).exists()


def test_a_copy_of_a_secret_goes(api: Remembered) -> None:
    safekeeping.keep(api, Store(name="gone"), {"A": "c2VzYW1l"})

    assert remove(api, orphan(api, "Secret"))

    assert safekeeping.kept(api, Store(name="gone")) is None


def test_a_release_goes_with_all_its_revisions_and_no_other_secret(api: Remembered) -> None:
    namespace(api, "gone")
    release(api, "gone", "superseded", "superseded", "deployed")
    metadata = {"name": "store-credentials", "namespace": "store-gone"}
    api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})

    assert remove(api, orphan(api, "Release"))

    assert [each["metadata"]["name"] for each in api.list(SECRET, "store-gone")] == ["store-credentials"]


def test_a_store_resource_goes_though_nobody_tears_anything_down_for_it(api: Remembered) -> None:
    resource(api, "gone")

    assert remove(api, orphan(api, "Store"))

    assert api.wait_gone(STORE, "gone", timeout=60)


def test_another_programs_finalizer_stays_on_a_store_resource(api: Remembered) -> None:
    resource(api, "gone")
    both = {"metadata": {"finalizers": ["example.com/backup", "storeplane.dev/teardown"]}}
    api.patch_merge(STORE, "gone", None, both)

    remove(api, orphan(api, "Store"))

    left = api.get(STORE, "gone")
    assert left is not None
    assert left["metadata"]["finalizers"] == ["example.com/backup"]


def test_a_redis_key_goes(api: Remembered) -> None:
    stream("gone")
    stream("another")
    sweeping.sweep(api)

    assert remove(api, Orphan.objects.get(name="store:events:gone"))

    assert streams().keys("store:events:*") == ["store:events:another"]


@pytest.mark.parametrize("kind", OrphanKind)
def test_what_got_a_store_meanwhile_is_left_alone(api: Remembered, kind: OrphanKind) -> None:
    everything(api, "gone")
    volume(api, "gone")
    safekeeping.keep(api, Store(name="gone"), {"A": "c2VzYW1l"})
    seen = orphan(api, kind)
    StoreFactory(name="gone")
    api.forget()

    with pytest.raises(Conflict, match="no orphan any more"):
        remove(api, seen)

    assert api.writes == []
    assert streams().exists("store:events:gone")
    assert not Orphan.objects.filter(kind=kind).exists()


@pytest.mark.parametrize("kind", OrphanKind)
def test_what_is_gone_already_is_only_taken_from_the_table(api: Remembered, kind: OrphanKind) -> None:
    seen = Orphan(kind=kind, namespace="", name="gone", uid="u", why="", seen_first="2026-01-01T00:00Z")
    seen.namespace = "store-gone" if kind in (OrphanKind.CLAIM, OrphanKind.RELEASE, OrphanKind.SECRET) else ""
    seen.seen_last = seen.seen_first
    seen.save()

    assert not remove(api, seen)

    assert not Orphan.objects.exists()


def test_another_one_of_the_same_name_is_left_alone(api: Remembered) -> None:
    namespace(api, "gone")
    seen = orphan(api, "Namespace")
    Orphan.objects.update(uid="of-the-one-before")
    seen.refresh_from_db()
    api.forget()

    assert not remove(api, seen)

    assert api.writes == []
