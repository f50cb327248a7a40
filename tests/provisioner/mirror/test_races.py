"""Somebody changes a resource at the worst moment: between a look and the write that follows it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from provisioner.cluster import Kind, Manifest, NotFound, Unavailable
from provisioner.cluster.kinds import STORE
from provisioner.mirror import adoption, creation, sweeping, writer
from provisioner.mirror.models import Mirror
from stores.choices import EventType
from stores.models import Store
from stores.services import change_store
from tests.provisioner.factories import StoreFactory, TenantFactory
from tests.provisioner.mirror.conftest import Person, Remembered, condition

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]


@pytest.fixture
def store(api: Remembered) -> Store:
    long_ago = timezone.now() - timedelta(hours=1)
    made = StoreFactory(ready_at=long_ago, phase="Ready", spec_changed_at=long_ago)
    writer.write(api, made.pk)
    return made


@contextmanager
def after_the_look(api: Remembered, act: Callable[[], object]) -> Iterator[None]:
    """Something is done once, right after the resource was looked at."""
    get, done = api.get, list[bool]()

    def looked(kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        found = get(kind, name, namespace)
        if kind == STORE and not done:
            done.append(True)
            act()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "get", looked)
        yield
    assert done


@contextmanager
def that_fails(target: Any, name: str) -> Iterator[None]:
    """The process dies there: what it has not committed is lost."""

    def fail(*_: Any, **__: Any) -> None:
        raise Unavailable("dead")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, fail)
        with suppress(Unavailable):
            yield
            raise AssertionError(f"{name} was not called")


def spec(api: Remembered, store: Store) -> Any:
    resource = api.get(STORE, store.name)
    assert resource is not None
    return resource["spec"]


def test_a_wish_between_look_and_write_is_not_overwritten(api: Remembered, person: Person, store: Store) -> None:
    change_store(store, {"display_name": "Ours"})

    with after_the_look(api, lambda: person.sets(store.name, plan="large")):
        writer.write(api, store.pk)

    store.refresh_from_db()
    assert (store.display_name, store.plan) == ("Ours", "large")
    assert (spec(api, store)["displayName"], spec(api, store)["plan"]) == ("Ours", "large")


def test_a_resource_made_between_look_and_write_is_a_wish_too(api: Remembered, person: Person) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    store = StoreFactory(name="fresh", spec_changed_at=long_ago)

    with after_the_look(api, lambda: person.makes("fresh", tenant=store.tenant.slug, plan="large")):
        writer.write(api, store.pk)

    store.refresh_from_db()
    assert (store.plan, spec(api, store)["plan"]) == ("large", "large")


def test_a_deletion_between_look_and_write_is_a_teardown(api: Remembered, person: Person, store: Store) -> None:
    change_store(store, {"display_name": "Ours"})

    with after_the_look(api, lambda: person.deletes(store.name)):
        writer.write(api, store.pk)

    store.refresh_from_db()
    assert store.deletion_requested_at is not None


def test_a_resource_that_changes_at_every_look_is_left_to_the_sweep(
    api: Remembered, person: Person, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_store(store, {"display_name": "Ours"})
    get = api.get

    def restless(kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        found = get(kind, name, namespace)
        api.patch_merge(STORE, name, None, {"metadata": {"annotations": {"n": str(len(api.asked))}}})
        return found

    with monkeypatch.context() as patch:
        patch.setattr(api, "get", restless)
        writer.write(api, store.pk)

    assert spec(api, store)["displayName"] != "Ours"
    writer.write(api, store.pk)
    assert spec(api, store)["displayName"] == "Ours"


def test_without_a_definition_the_writer_gives_up_at_once(
    api: Remembered, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undefined(*_: Any, **__: Any) -> None:
        raise NotFound("the server could not find the requested resource", code=404)

    Store.objects.filter(pk=store.pk).update(message="News.")
    api.forget()
    with monkeypatch.context() as patch:
        patch.setattr(api, "apply", undefined)
        with pytest.raises(NotFound):
            writer.write(api, store.pk)

    assert api.asked == ["get stores"]


def test_a_writer_that_dies_after_a_refusal_leaves_the_rest_to_the_next(
    api: Remembered, person: Person, store: Store
) -> None:
    Store.objects.update(deletion_requested_at=timezone.now())
    found = person.sets(store.name, plan="large")
    adoption.adopt(store.pk, found)  # and dies

    Mirror.objects.update(resource_version="")
    writer.write(api, store.pk)

    assert spec(api, store)["plan"] == "small"
    assert condition(api.get(STORE, store.name), "Accepted")["reason"] == "Conflict"
    assert store.events.filter(type=EventType.WISH_REFUSED).count() == 1


def test_a_writer_that_dies_after_putting_a_value_back_did_not_wish_for_it(
    api: Remembered, person: Person, store: Store
) -> None:
    """The spec was applied and the row that tells so was lost; meanwhile the record has changed back."""
    change_store(store, {"display_name": "New"})
    with that_fails(writer, "_write_status"):
        writer.write(api, store.pk)
    assert spec(api, store)["displayName"] == "New"
    change_store(store, {"display_name": ""})

    sweeping.sweep(api, lambda store_id: writer.write(api, store_id))

    store.refresh_from_db()
    assert store.display_name == ""
    assert spec(api, store)["displayName"] == store.name


def test_a_store_whose_maker_dies_before_the_first_write_is_taken_hold_of_by_the_next(
    api: Remembered, person: Person
) -> None:
    TenantFactory(slug="acme")
    creation.take_new(api, person.makes("fresh", tenant="acme"))
    store = Store.objects.get(name="fresh")
    with that_fails(writer, "put_status"):
        writer.write(api, store.pk)

    writer.write(api, store.pk)

    assert condition(api.get(STORE, "fresh"), "Accepted")["status"] == "True"
    assert Mirror.objects.get(store=store).wish_uid == ""


def test_who_tells_late_that_a_resource_vanished_doesnt_forget_the_new_one(api: Remembered, store: Store) -> None:
    old = Mirror.objects.get(store=store)
    Mirror.objects.filter(pk=old.pk).update(uid="of-the-new-one")

    adoption.note_restoration(store.pk, old.uid)

    assert Mirror.objects.get(store=store).uid == "of-the-new-one"
    assert not store.events.filter(type=EventType.RESOURCE_RESTORED).exists()


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_write_once(api: Remembered, person: Person) -> None:
    store = StoreFactory()
    writer.write(api, store.pk)
    person.deletes_by_force(store.name)
    Mirror.objects.update(resource_version="")
    api.forget()

    def write() -> bool:
        try:
            return writer.write(api, store.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        wrote = list(pool.map(lambda _: write(), range(4)))

    assert sorted(wrote) == [False, False, False, True]
    assert sorted(api.writes) == ["apply stores", "apply stores/status"]
    assert store.events.filter(type=EventType.RESOURCE_RESTORED).count() == 1
