"""Status changes: conditions by the convention, phase and event in one commit, ids in the order of commits."""

from threading import Event, Thread

import pytest
from django.db import connections, transaction

from stores.changes import Change, ConditionChange, apply_change
from stores.choices import STEP_CONDITIONS, ConditionStatus, ConditionType, EventType, Phase
from stores.models import Condition, Store, StoreEvent
from stores.status import Activity
from tests.people import at_once, tenant


def store(name: str = "tea-shop") -> Store:
    return Store.objects.create(tenant=tenant(), name=name)


def becomes(type_: ConditionType, status: ConditionStatus, reason: str = "Seen") -> Change:
    return Change(EventType.DB_READY, "Seen.", conditions=(ConditionChange(type_, status, reason),))


@pytest.mark.django_db
def test_the_transition_time_moves_only_with_the_status() -> None:
    made = store()
    apply_change(made.pk, Activity.PROVISIONING, becomes(ConditionType.DATABASE_READY, ConditionStatus.FALSE))
    first = Condition.objects.get(type="DatabaseReady")
    apply_change(made.pk, Activity.PROVISIONING, becomes(ConditionType.DATABASE_READY, ConditionStatus.FALSE, "Other"))
    second = Condition.objects.get(type="DatabaseReady")
    apply_change(made.pk, Activity.PROVISIONING, becomes(ConditionType.DATABASE_READY, ConditionStatus.TRUE))
    third = Condition.objects.get(type="DatabaseReady")

    assert second.reason == "Other"
    assert second.last_transition_time == first.last_transition_time
    assert third.last_transition_time > second.last_transition_time
    assert third.observed_generation == made.generation


@pytest.mark.django_db
def test_a_store_is_ready_when_all_steps_are_and_remembers_since_when() -> None:
    made = store()
    for type_ in STEP_CONDITIONS:
        apply_change(made.pk, Activity.PROVISIONING, becomes(type_, ConditionStatus.TRUE))
    event = apply_change(made.pk, Activity.NONE, Change(EventType.STORE_READY, "Open.", observed_generation=1))

    made.refresh_from_db()
    assert (made.phase, made.message, made.observed_generation) == (Phase.READY, "Open.", 1)
    assert made.ready_at is not None
    assert event is not None
    assert event.phase == Phase.READY
    assert Condition.objects.get(type="Ready").status == "True"


@pytest.mark.django_db
def test_a_change_without_an_event_logs_nothing() -> None:
    made = store()

    assert apply_change(made.pk, Activity.QUEUED, Change(None)) is None
    assert not StoreEvent.objects.exists()
    made.refresh_from_db()
    assert made.phase == Phase.PENDING


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_not_committed_holds_back_the_ids_after_it() -> None:
    slow, quick = store("slow"), store("quick")
    written, may_commit = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            apply_change(slow.pk, Activity.QUEUED, Change(EventType.STORE_REQUESTED))
            written.set()
            may_commit.wait(30)
        connections.close_all()

    def follow() -> None:
        apply_change(quick.pk, Activity.QUEUED, Change(EventType.STORE_REQUESTED))
        connections.close_all()

    first, second = Thread(target=hold), Thread(target=follow)
    first.start()
    assert written.wait(30)
    second.start()
    second.join(0.5)
    visible_meanwhile = list(StoreEvent.objects.all())
    may_commit.set()
    first.join(30)
    second.join(30)

    assert visible_meanwhile == []
    assert list(StoreEvent.objects.order_by("id").values_list("store__name", flat=True)) == ["slow", "quick"]


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_follows_the_ids_misses_nothing_while_many_write() -> None:
    stores = [store(f"shop-{number}") for number in range(8)]
    done = Event()
    had: list[int] = []

    def read() -> None:
        finished = False
        while not finished:
            finished = done.is_set()
            last = had[-1] if had else 0
            had.extend(StoreEvent.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True))
        connections.close_all()

    reader = Thread(target=read)
    reader.start()

    def write(number: int) -> None:
        for _ in range(10):
            apply_change(stores[number].pk, Activity.QUEUED, Change(EventType.STEP_RETRY))

    at_once(8, write)
    done.set()
    reader.join(30)

    assert had == list(StoreEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert len(had) == 80
