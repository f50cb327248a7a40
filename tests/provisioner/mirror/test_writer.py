"""The one writer of the mirror, against a real API server."""

from typing import Any

import pytest
from django.utils import timezone

from provisioner.cluster.kinds import STORE
from provisioner.mirror import writer
from provisioner.mirror.models import Mirror
from provisioner.mirror.schema import FINALIZER
from stores.choices import EventType
from stores.models import Store
from tests.provisioner.factories import StoreFactory, operation
from tests.provisioner.mirror.conftest import Person, Remembered, condition

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]


def test_an_unchanged_record_costs_no_request(api: Remembered) -> None:
    store = StoreFactory()

    assert writer.write(api, store.pk) is True
    assert api.writes == ["apply stores", "apply stores/status"]
    api.forget()
    assert writer.write(api, store.pk) is False

    assert api.asked == []


def test_only_what_changed_is_written(api: Remembered) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    api.forget()

    Store.objects.filter(pk=store.pk).update(message="News.")
    writer.write(api, store.pk)

    assert api.asked == ["apply stores/status"]
    assert shown(api, store)["status"]["message"] == "News."


def test_a_resource_tells_all_about_its_store(api: Remembered) -> None:
    store = StoreFactory(display_name="Shop", deletion_protection=True)
    running = operation(store)
    running.steps.filter(name="helm").update(attempt=2)

    writer.write(api, store.pk)

    resource = shown(api, store)
    assert resource["spec"] == {
        "tenant": store.tenant.slug,
        "engine": "medusa",
        "plan": "small",
        "displayName": "Shop",
        "driftPolicy": "heal",
        "ignoreDifferences": [],
        "suspend": False,
        "deletionProtection": True,
    }
    assert resource["metadata"]["finalizers"] == [FINALIZER]
    status = resource["status"]
    assert status["observedGeneration"] == resource["metadata"]["generation"]
    assert status["retryCount"] == 2
    assert status["lastOperation"]["kind"] == "provision"
    assert status["lastOperation"]["state"] == "running"
    assert status["lastOperation"]["startedAt"]
    assert condition(resource, "Accepted")["status"] == "True"


def test_a_waiting_store_shows_its_place_in_the_queue(api: Remembered) -> None:
    store = StoreFactory()
    operation(store, running=False)

    writer.write(api, store.pk)
    assert shown(api, store)["status"]["queuePosition"] == 1

    store.operations.update(state="running")
    writer.write(api, store.pk)
    assert "queuePosition" not in shown(api, store)["status"]


def test_a_look_that_finds_everything_right_writes_nothing(api: Remembered) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    Mirror.objects.update(resource_version="")
    api.forget()

    assert writer.write(api, store.pk) is False

    assert api.asked == ["get stores"]


def test_a_writer_that_died_after_its_write_is_no_reason_to_write_again(api: Remembered) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    Mirror.objects.all().delete()
    api.forget()

    assert writer.write(api, store.pk) is False

    assert api.writes == []
    assert Mirror.objects.get().uid == shown(api, store)["metadata"]["uid"]


def test_a_status_edited_by_hand_is_put_back_whole(api: Remembered, person: Person) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    before = shown(api, store)["status"]
    invented = {"type": "Invented", "status": "True", "reason": "R", "message": "", "lastTransitionTime": NOON}
    person.sets_status(store.name, phase="Ready", queuePosition=7, conditions=[invented])
    Mirror.objects.update(resource_version="")

    assert writer.write(api, store.pk) is True

    assert shown(api, store)["status"] == before


@pytest.mark.parametrize("part", ["labels", "finalizers"])
def test_labels_and_finalizer_are_put_back(api: Remembered, part: str) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    before = shown(api, store)["metadata"][part]
    api.patch_merge(STORE, store.name, None, {"metadata": {part: None}})
    Mirror.objects.update(resource_version="")

    writer.write(api, store.pk)

    assert shown(api, store)["metadata"][part] == before


def test_a_resource_deleted_by_force_is_made_again_and_the_log_tells(api: Remembered, person: Person) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    person.deletes_by_force(store.name)
    Mirror.objects.update(resource_version="")

    writer.write(api, store.pk)

    resource = shown(api, store)
    assert resource["status"]["activityLog"][0]["type"] == EventType.RESOURCE_RESTORED
    assert store.events.filter(type=EventType.RESOURCE_RESTORED).count() == 1
    api.forget()
    assert writer.write(api, store.pk) is False


def test_a_resource_that_vanishes_before_its_status_is_written_is_made_again(api: Remembered, person: Person) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    person.deletes_by_force(store.name)

    Store.objects.filter(pk=store.pk).update(message="News.")
    writer.write(api, store.pk)

    assert shown(api, store)["status"]["message"] == "News."


def test_a_removed_store_is_not_brought_back_by_a_late_writer(api: Remembered) -> None:
    store = StoreFactory(deletion_requested_at=timezone.now())
    writer.write(api, store.pk)

    writer.remove(api, store)

    assert writer.write(api, store.pk) is False
    assert api.get(STORE, store.name) is None
    store.refresh_from_db()
    assert store.deleted_at is not None


def test_a_removal_done_twice_leaves_the_successor_alone(api: Remembered) -> None:
    old = StoreFactory(name="again", deletion_requested_at=timezone.now())
    writer.remove(api, old)
    successor = StoreFactory(name="again")
    writer.write(api, successor.pk)

    writer.remove(api, old)

    assert api.get(STORE, "again") is not None


def test_a_successor_is_mirrored_only_when_it_has_the_name(api: Remembered) -> None:
    old = StoreFactory(name="again", deletion_requested_at=timezone.now())
    writer.write(api, old.pk)
    successor = StoreFactory(name="again", display_name="New")

    assert writer.write(api, successor.pk) is False
    writer.remove(api, old)
    assert writer.write(api, successor.pk) is True


def test_a_resource_that_is_made_while_its_namesake_goes_is_not_the_namesakes(api: Remembered, person: Person) -> None:
    old = StoreFactory(name="again", deletion_requested_at=timezone.now())
    writer.write(api, old.pk)
    person.deletes_by_force("again")
    made = person.makes("again")
    Mirror.objects.update(resource_version="")

    assert writer.write(api, old.pk) is False
    writer.remove(api, old)

    left = api.get(STORE, "again")
    assert left is not None
    assert left["metadata"]["uid"] == made["metadata"]["uid"]


def test_a_resource_of_another_tenant_does_not_stand_in_the_place_of_a_store(api: Remembered, person: Person) -> None:
    store = StoreFactory(name="mine")
    foreign = person.makes("mine", tenant="somebody-else")

    writer.write(api, store.pk)

    resource = shown(api, store)
    assert resource["metadata"]["uid"] != foreign["metadata"]["uid"]
    assert resource["spec"]["tenant"] == store.tenant.slug


NOON = "2026-01-02T12:00:00Z"


def shown(api: Remembered, store: Store) -> Any:
    """The store's resource as the cluster has it."""
    resource = api.get(STORE, store.name)
    assert resource is not None
    return resource
