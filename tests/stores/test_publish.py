"""From the committed event to Redis, and what happens when Redis is away."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.db import OperationalError, transaction
from django.utils import timezone

from stores import publish
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store, StoreEvent
from stores.status import Activity
from tests.people import tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clean_redis(redis_server: None) -> Iterator[None]:
    publish.streams().flushdb()
    yield
    publish.streams().flushdb()


@pytest.fixture
def store() -> Store:
    return Store.objects.create(tenant=tenant(), name="tea-shop")


def say(store: Store, type_: EventType = EventType.STEP_RETRY) -> StoreEvent:
    event = apply_change(store.pk, Activity.QUEUED, Change(type_, "Said."))
    assert event is not None
    return event


def stream(name: str = "tea-shop") -> list[dict[str, object]]:
    return [json.loads(fields["event"]) for _, fields in publish.streams().xrange(f"store:events:{name}")]


def test_a_committed_event_is_in_the_stream_and_on_the_channel(store: Store) -> None:
    listener = publish.streams().pubsub(ignore_subscribe_messages=True)
    listener.subscribe("store:events")
    listener.get_message(timeout=60)

    event = say(store)

    message = listener.get_message(timeout=60)
    listener.close()
    assert message is not None
    assert json.loads(message["data"])["id"] == event.pk
    assert [entry["id"] for entry in stream()] == [event.pk]
    event.refresh_from_db()
    assert event.published_at is not None


def test_an_event_that_is_published_after_a_later_one_takes_its_place_in_the_stream(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = say(store)
    with monkeypatch.context() as away:
        away.setattr(publish, "publish", lambda _: None)  # a process that died, or lost Redis for a moment
        between = say(store)
    last = say(store)
    assert [entry["id"] for entry in stream()] == [first.pk, last.pk]

    publish.publish(between)
    publish.publish(first)

    assert [entry["id"] for entry in stream()] == [first.pk, between.pk, last.pk]


def test_a_stream_that_is_written_anew_loses_nothing_that_is_said_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(publish, "publish", lambda _: None)
        late = say(store)
    said = [say(store)]
    as_message = publish.as_message

    def slowly(event: StoreEvent) -> dict[str, object]:
        if len(said) == 1 and event == said[0]:
            monkeypatch.setattr(publish, "as_message", as_message)
            said.append(say(store))
        return as_message(event)

    monkeypatch.setattr(publish, "as_message", slowly)
    publish._write_anew(store.name)

    assert [entry["id"] for entry in stream()] == [late.pk, *(each.pk for each in said)]


def test_nothing_is_said_of_what_is_rolled_back(store: Store) -> None:
    with transaction.atomic():
        say(store)
        transaction.set_rollback(True)

    assert stream() == []


def test_an_event_that_is_published_twice_is_in_the_stream_once(store: Store) -> None:
    event = say(store)

    publish.publish(event)

    assert [entry["id"] for entry in stream()] == [event.pk]


def test_the_stream_keeps_the_newest_hundred(store: Store) -> None:
    events = [say(store).pk for _ in range(105)]

    assert [entry["id"] for entry in stream()] == events[-100:]


def test_the_stream_goes_with_the_store(store: Store) -> None:
    say(store)
    Store.objects.update(deleted_at=timezone.now())

    say(store, EventType.DELETE_COMPLETE)

    assert not publish.streams().exists("store:events:tea-shop")


def test_a_store_that_is_gone_leaves_nothing_in_the_stream_of_its_successor(store: Store) -> None:
    say(store)
    Store.objects.update(deletion_requested_at=timezone.now())
    successor = Store.objects.create(tenant=tenant("another"), name="tea-shop")
    asked = say(successor, EventType.STORE_REQUESTED)
    Store.objects.filter(pk=store.pk).update(deleted_at=timezone.now())

    say(store, EventType.DELETE_COMPLETE)
    later = say(successor)

    assert [entry["id"] for entry in stream()] == [asked.pk, later.pk]


def test_a_database_that_goes_right_after_the_commit_costs_neither_the_answer_nor_what_else_is_sent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: StoreEvent) -> None:
        raise OperationalError

    sent: list[str] = []
    monkeypatch.setattr(publish, "publish", fail)

    with transaction.atomic():
        event = say(store)
        transaction.on_commit(lambda: sent.append("a chain"))

    assert sent == ["a chain"]
    assert StoreEvent.objects.get(pk=event.pk).published_at is None


def test_a_redis_that_is_away_costs_no_change_and_the_sweep_sends_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock", socket_connect_timeout=1)
    with monkeypatch.context() as patched:
        patched.setattr(publish, "streams", lambda: away)
        event = say(store)
    event.refresh_from_db()
    assert event.published_at is None
    StoreEvent.objects.update(timestamp=timezone.now() - timedelta(seconds=30))

    assert publish.publish_left_behind() == 1

    assert [entry["id"] for entry in stream()] == [event.pk]
    assert publish.publish_left_behind() == 0
