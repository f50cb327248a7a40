"""What a listener has had: nothing twice, nothing left out, whatever the order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from stores.feed import Feed


def events(*ids: int) -> list[dict[str, int]]:
    return [{"id": event_id} for event_id in ids]


def test_a_live_event_is_taken_once() -> None:
    feed = Feed(confirmed=3)

    assert [feed.take_live(event_id) for event_id in (4, 4, 3, 6, 5, 6)] == [True, False, False, True, True, False]


def test_a_reading_brings_only_what_live_events_left_out() -> None:
    feed = Feed(confirmed=3)
    feed.take_live(5)

    assert feed.take_read(events(4, 5, 6)) == events(4, 6)
    assert feed.confirmed == 6
    assert feed.ahead == set()


def test_a_live_event_that_comes_late_is_known_from_the_reading() -> None:
    feed = Feed(confirmed=0)
    feed.take_read(events(1, 2, 3))

    assert not feed.take_live(2)


@given(
    log=st.lists(st.integers(1, 60), unique=True).map(sorted),
    live=st.lists(st.integers(0, 59), max_size=80),
    readings=st.lists(st.integers(0, 60), max_size=8).map(sorted),
)
def test_every_event_comes_once_however_live_ones_are_doubled_lost_or_late(
    log: list[int], live: list[int], readings: list[int]
) -> None:
    feed, had = Feed(confirmed=0), []
    order = [log[place] for place in live if place < len(log)]
    for upto in [*readings, 60]:
        # Live messages of events that aren't committed yet can't exist.
        had += [event_id for event_id in order if event_id <= upto and feed.take_live(event_id)]
        page = events(*[event_id for event_id in log if feed.confirmed < event_id <= upto])
        had += [event["id"] for event in feed.take_read(page)]

    assert sorted(had) == log
