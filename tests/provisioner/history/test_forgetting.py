"""What happened long ago goes, and what somebody may still ask for stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from provisioner.drift.models import Finding, Verdict
from provisioner.history import forgetting
from provisioner.history.tasks import sweep_history
from provisioner.operations.models import Operation, OperationKind, OperationState, Step
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store, StoreEvent
from stores.status import Activity
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timedelta(days=91)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, redis_server: None) -> None:
    """Two of each stay, and a batch is soon full."""
    monkeypatch.setattr(forgetting, "KEPT_OF_A_STORE", 2)
    monkeypatch.setattr(forgetting, "BATCH", 2)


def events(store: Store, count: int, ago: timedelta = LONG_AGO) -> list[int]:
    made = [apply_change(store.pk, Activity.NONE, Change(EventType.STEP_RETRY, "Said.")) for _ in range(count)]
    keys = [event.pk for event in made if event is not None]
    StoreEvent.objects.filter(pk__in=keys).update(timestamp=timezone.now() - ago)
    return keys


def finished(store: Store, ago: timedelta = LONG_AGO) -> Operation:
    made = operation(store, OperationKind.RECONCILE)
    then = timezone.now() - ago
    Operation.objects.filter(pk=made.pk).update(state=OperationState.SUCCEEDED, created_at=then, finished_at=then)
    return made


def left(rows: Any) -> list[Any]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def test_old_events_go_but_for_the_newest_of_each_store() -> None:
    busy, quiet = StoreFactory(), StoreFactory()
    old, of_quiet, new = events(busy, 7), events(quiet, 2), events(busy, 1, timedelta(days=89))

    sweep_history()

    assert left(StoreEvent.objects.filter(store=busy)) == [old[-1], *new]
    assert left(StoreEvent.objects.filter(store=quiet)) == of_quiet


def test_nothing_is_left_of_the_history_of_a_store_that_is_gone_for_so_long() -> None:
    gone, just_gone = StoreFactory(), StoreFactory()
    for store, ago in ((gone, LONG_AGO), (just_gone, timedelta(days=1))):
        events(store, 2)
        finished(store)
        then = timezone.now() - ago
        Store.objects.filter(pk=store.pk).update(deletion_requested_at=then, deleted_at=then)

    forgetting.forget()

    assert set(StoreEvent.objects.values_list("store", flat=True)) == {just_gone.pk}
    assert set(Operation.objects.values_list("store", flat=True)) == {just_gone.pk}
    assert Store.objects.filter(pk=gone.pk).exists()


def test_what_was_not_published_yet_and_what_is_young_stays() -> None:
    store = StoreFactory()
    first, *_ = events(store, 5)
    StoreEvent.objects.filter(pk=first).update(published_at=None)
    young = events(store, 3, timedelta(days=1))

    forgetting.forget()

    assert left(StoreEvent.objects.all()) == [first, *young]


def test_old_operations_go_with_their_steps_and_what_they_healed_and_one_that_runs_stays() -> None:
    store = StoreFactory()
    old = [finished(store, LONG_AGO + timedelta(days=10 - number)) for number in range(5)]
    running = operation(store, OperationKind.RECONCILE)
    Operation.objects.filter(pk=running.pk).update(created_at=timezone.now() - 3 * LONG_AGO)
    then = timezone.now() - LONG_AGO
    where = {"store": store, "kind": "Service", "verdict": Verdict.CHANGED, "message": "Changed.", "detected_at": then}
    healed = Finding.objects.create(**where, name="backend", healed_at=then, healed_by=old[0])
    drifted = Finding.objects.create(**where, name="storefront")

    removed = forgetting.forget()

    assert set(Operation.objects.all()) == {running, *old[-2:]}
    assert not Step.objects.filter(operation__in=[each.pk for each in old[:3]]).exists()
    assert left(Finding.objects.all()) == [drifted.pk]
    assert healed.pk not in left(Finding.objects.all())
    assert (removed["operations"], removed["findings"]) == (3, 1)


def test_nothing_goes_when_it_is_kept_for_ever_but_sessions_that_have_ended(settings: Any) -> None:
    settings.STOREPLANE_HISTORY_DAYS = 0
    kept = events(StoreFactory(), 5)
    now = timezone.now()
    Session.objects.create(session_key="ended", session_data="", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="alive", session_data="", expire_date=now + timedelta(hours=1))

    assert forgetting.forget() == {"sessions": 1}

    assert left(StoreEvent.objects.all()) == kept
    assert Session.objects.get().session_key == "alive"


def test_one_run_ends_though_there_is_more_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "MOST_BATCHES", 2)
    events(StoreFactory(), 9)

    assert [forgetting.forget()["events"] for _ in range(3)] == [4, 3, 0]
