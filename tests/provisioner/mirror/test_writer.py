"""The one writer of the mirror. The cluster is a recording stand-in here: the e2e suite has the real thing."""

from typing import Any

import pytest
from django.utils import timezone

from provisioner.cluster.kinds import Kind
from provisioner.mirror import writer
from stores.models import Store
from tests.provisioner.factories import StoreFactory

pytestmark = pytest.mark.django_db


class RecordingCluster:
    """Keeps `Store` resources in a dict and counts requests."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []

    def apply(self, manifest: dict[str, Any], *, subresource: str = "") -> dict[str, Any]:
        self.requests.append(f"apply {subresource}".strip())
        name = manifest["metadata"]["name"]
        known = self.objects.setdefault(name, {"metadata": {"name": name, "uid": "u1", "generation": 1}})
        known.update({key: value for key, value in manifest.items() if key in ("spec", "status")})
        return known

    def get(self, _: Kind, name: str, __: str | None = None) -> dict[str, Any] | None:
        return self.objects.get(name)

    def delete(self, _: Kind, name: str, *, uid: str) -> bool:
        self.requests.append(f"delete {uid}")
        return True

    def patch_merge(self, _: Kind, name: str, __: str | None, patch: dict[str, Any]) -> None:
        assert patch == {"metadata": {"finalizers": None}}
        del self.objects[name]

    def wait_gone(self, _: Kind, name: str, *, timeout: float) -> bool:
        return name not in self.objects


@pytest.fixture
def cluster() -> Any:
    return RecordingCluster()


def test_an_unchanged_record_costs_no_request(cluster: Any) -> None:
    store = StoreFactory()

    assert writer.write(cluster, store.pk) is True
    assert writer.write(cluster, store.pk) is False

    assert cluster.requests == ["apply", "apply status"]


def test_only_what_changed_is_written(cluster: Any) -> None:
    store = StoreFactory()
    writer.write(cluster, store.pk)
    cluster.requests.clear()

    Store.objects.filter(pk=store.pk).update(message="News.")
    writer.write(cluster, store.pk)

    assert cluster.requests == ["apply status"]
    assert cluster.objects[store.name]["status"]["message"] == "News."


def test_a_removed_store_is_not_brought_back_by_a_late_writer(cluster: Any) -> None:
    store = StoreFactory(deletion_requested_at=timezone.now())
    writer.write(cluster, store.pk)

    writer.remove(cluster, store)

    assert writer.write(cluster, store.pk) is False
    assert cluster.objects == {}
    store.refresh_from_db()
    assert store.deleted_at is not None


def test_a_removal_done_twice_leaves_the_successor_alone(cluster: Any) -> None:
    old = StoreFactory(name="again", deletion_requested_at=timezone.now())
    writer.remove(cluster, old)
    successor = StoreFactory(name="again")
    writer.write(cluster, successor.pk)

    writer.remove(cluster, old)

    assert "again" in cluster.objects


def test_a_successor_is_mirrored_only_when_it_has_the_name(cluster: Any) -> None:
    old = StoreFactory(name="again", deletion_requested_at=timezone.now())
    writer.write(cluster, old.pk)
    successor = StoreFactory(name="again", display_name="New")

    assert writer.write(cluster, successor.pk) is False
    writer.remove(cluster, old)
    assert writer.write(cluster, successor.pk) is True
