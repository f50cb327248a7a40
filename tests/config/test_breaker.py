"""What has just failed to answer isn't asked again for a while."""

import time

from config.breaker import Breaker


def test_a_breaker_is_open_for_its_time_after_a_failure() -> None:
    breaker = Breaker(60)
    assert not breaker.is_open

    breaker.trip()

    assert breaker.is_open


def test_an_answer_closes_it_at_once() -> None:
    breaker = Breaker(60)
    breaker.trip()

    breaker.close()

    assert not breaker.is_open


def test_it_closes_by_itself() -> None:
    breaker = Breaker(0.01)
    breaker.trip()
    deadline = time.monotonic() + 30

    while breaker.is_open and time.monotonic() < deadline:
        time.sleep(0.005)

    assert not breaker.is_open
