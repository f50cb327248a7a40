"""Events of Kubernetes tell a store's story at the end of `kubectl describe store`."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from provisioner.cluster import Manifest, Unavailable
from provisioner.cluster.kinds import EVENT
from provisioner.mirror import events, writer
from provisioner.mirror.models import Mirror
from stores.choices import EventType
from stores.models import Store, StoreEvent
from tests.provisioner.factories import StoreFactory
from tests.provisioner.mirror.conftest import Remembered

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]


@pytest.fixture
def store(api: Remembered) -> Store:
    made = StoreFactory()
    writer.write(api, made.pk)
    api.forget()
    return made


def happens(store: Store, type_: EventType, message: str = "So it was.", *, origin: str = "", age: int = 0) -> None:
    StoreEvent.objects.create(
        store=store,
        tenant=store.tenant,
        type=type_,
        message=message,
        phase=store.phase,
        origin=origin,
        timestamp=timezone.now() - timedelta(minutes=age),
    )


def told(api: Remembered, store: Store) -> list[Manifest]:
    """In the order of their names, which end with the ids of the log."""
    found = [each for each in api.list(EVENT, "default") if each["involvedObject"]["name"] == store.name]
    return sorted(found, key=lambda each: int(each["metadata"]["name"].rpartition("-")[2]))


def test_what_matters_becomes_an_event(api: Remembered, store: Store) -> None:
    happens(store, EventType.PROVISIONING_START, "It starts.", origin="kubectl")
    happens(store, EventType.NAMESPACE_CREATE)
    happens(store, EventType.PROVISION_FAILED, "It failed.")

    assert events.tell(api, store.pk) == 2

    start, failure = told(api, store)
    assert (start["type"], start["reason"]) == ("Normal", "ProvisioningStart")
    assert start["message"] == "It starts. (asked for by kubectl)"
    assert start["involvedObject"]["uid"] == Mirror.objects.get().uid
    assert (failure["type"], failure["reason"], failure["message"]) == ("Warning", "ProvisionFailed", "It failed.")


def test_each_is_told_once_also_by_two_writers(api: Remembered, store: Store) -> None:
    happens(store, EventType.STORE_READY)

    events.tell(api, store.pk)
    assert events.tell(api, store.pk) == 0
    Mirror.objects.update(told=0)
    assert events.tell(api, store.pk) == 1

    assert len(told(api, store)) == 1


def test_what_is_long_ago_is_not_told_again_in_a_new_cluster(api: Remembered, store: Store) -> None:
    happens(store, EventType.STORE_READY, age=20)

    assert events.tell(api, store.pk) == 0
    assert api.asked == []


def test_a_cluster_that_is_away_costs_only_time(api: Remembered, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    happens(store, EventType.STORE_READY)

    def away(_: Manifest) -> Manifest:
        raise Unavailable("The cluster could not be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(api, "create", away)
        assert events.tell(api, store.pk) == 0
    assert events.tell(api, store.pk) == 1


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is missing")
def test_kubectl_describe_shows_them(api: Remembered, store: Store, kube_api: Path) -> None:
    happens(store, EventType.STORE_READY, "The shop is open.")
    events.tell(api, store.pk)

    command = ["kubectl", "--kubeconfig", str(kube_api), "describe", "store", store.name]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "The shop is open." in shown.partition("\nEvents:")[2]
