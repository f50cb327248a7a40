"""Which events of a watch are news, and how many become one message."""

from typing import Any

import pytest

from provisioner.cluster import WatchEvent
from provisioner.drift.noticing import DEBOUNCE_SECONDS, Debouncer, Notes
from tests.provisioner.drift.recorded import Pair, label, pair, pairs


def event(manifest: dict[str, Any], type_: Any = "MODIFIED") -> WatchEvent:
    return WatchEvent(type_, manifest)


@pytest.fixture
def notes() -> Notes:
    """A watch that has seen the backend once."""
    made = Notes()
    assert not made.is_news(event(pair("Deployment", "backend")[1], "ADDED"))
    return made


@pytest.mark.parametrize("each", pairs(), ids=label)
def test_a_change_of_status_alone_is_no_news_of_any_kind(each: Pair) -> None:
    found = each[1]
    notes = Notes()
    notes.is_news(event(found, "ADDED"))
    metadata = {**found["metadata"], "resourceVersion": "99", "managedFields": [], "generation": 9}
    assert not notes.is_news(event({**found, "metadata": metadata, "status": {"replicas": 7}}))
    assert notes.is_news(event({**found, "metadata": {**metadata, "labels": {}}}))


def test_a_change_and_a_deletion_are_news(notes: Notes) -> None:
    _, found = pair("Deployment", "backend")
    found["spec"]["replicas"] = 5
    assert notes.is_news(event(found))
    assert not notes.is_news(event(found))
    assert notes.is_news(event(found, "DELETED"))
    assert notes.known == {}


def test_a_list_that_is_taken_anew_tells_what_changed_meanwhile(notes: Notes) -> None:
    _, found = pair("Deployment", "backend")
    found["spec"]["replicas"] = 5
    assert notes.is_news(event(found, "ADDED"))
    notes.keep_only([])
    assert notes.known == {}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_many_events_of_a_store_become_one_message_a_quarter_of_a_second_later() -> None:
    clock, handed = Clock(), []
    debouncer = Debouncer(lambda store, objects: handed.append((store, objects)), clock)
    debouncer.note("tea", ("Service", "backend"))
    clock.now = DEBOUNCE_SECONDS / 2
    debouncer.note("tea", ("Deployment", "backend"))
    debouncer.note("tea", ("Service", "backend"))
    debouncer.note("coffee", ("Service", "backend"))
    assert debouncer.due() == []
    clock.now = DEBOUNCE_SECONDS
    assert debouncer.due() == [("tea", [("Deployment", "backend"), ("Service", "backend")])]
    clock.now = 2 * DEBOUNCE_SECONDS
    assert debouncer.due() == [("coffee", [("Service", "backend")])]
    assert debouncer.due() == []
