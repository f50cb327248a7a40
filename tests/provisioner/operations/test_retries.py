"""What follows a failure, by kind and attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.operations.retries import (
    MOST_DELAY_SECONDS,
    MOST_RETRY_AFTER_SECONDS,
    ErrorKind,
    Failure,
    GiveUp,
    TryAgain,
    decide,
    pause_after_loss,
)


def failure(kind: ErrorKind, retry_after: float | None = None) -> Failure:
    return Failure(kind, "Reason", "It broke.", retry_after)


@pytest.mark.parametrize(
    ("kind", "attempt", "again"),
    [
        (ErrorKind.PASSING, 1, True),
        (ErrorKind.PASSING, 11, True),
        (ErrorKind.PASSING, 12, False),
        (ErrorKind.UNKNOWN, 1, True),
        (ErrorKind.UNKNOWN, 4, True),
        (ErrorKind.UNKNOWN, 5, False),
        (ErrorKind.PERMANENT, 1, False),
    ],
)
def test_each_kind_of_error_has_its_number_of_attempts(kind: ErrorKind, attempt: int, again: bool) -> None:
    decision = decide(failure(kind), attempt, 0.5)

    assert isinstance(decision, TryAgain) is again


@pytest.mark.parametrize(
    ("attempt", "retry_after", "delay"),
    [
        (1, 17.0, 17.0),
        (6, 1.0, 30.0),  # a server that says "one second" again and again is still backed off from
        (1, 1e9, MOST_RETRY_AFTER_SECONDS),
    ],
)
def test_a_server_that_says_when_is_not_asked_sooner(attempt: int, retry_after: float, delay: float) -> None:
    assert decide(failure(ErrorKind.PASSING, retry_after), attempt, 0.0) == TryAgain(delay)


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_an_endless_step_is_never_given_up(kind: ErrorKind) -> None:
    assert decide(failure(kind), 1000, 1.0, endless=True) == TryAgain(MOST_DELAY_SECONDS)


def test_giving_up_tells_a_person_what_to_do() -> None:
    assert decide(failure(ErrorKind.PERMANENT), 1, 0.0) == GiveUp("It broke. Correct that, then retry the store.")
    assert decide(failure(ErrorKind.UNKNOWN), 5, 0.0) == GiveUp(
        "It broke. It was tried 5 times; retry the store when the cause is mended."
    )


@given(attempt=st.integers(1, 11), jitter=st.floats(0, 1))
def test_delays_grow_within_their_bounds(attempt: int, jitter: float) -> None:
    decision = decide(failure(ErrorKind.PASSING), attempt, jitter)

    assert isinstance(decision, TryAgain)
    ceiling = min(MOST_DELAY_SECONDS, 2.0**attempt)
    assert ceiling / 2 <= decision.delay <= ceiling


@pytest.mark.parametrize(
    ("claims", "shortest", "longest"),
    [(0, 0, 0), (1, 0, 0), (2, 1, 3), (3, 2, 6), (5, 8, 24), (7, 15, 45), (99, 15, 45)],
)
def test_a_step_rests_longer_the_more_owners_it_has_lost(claims: int, shortest: float, longest: float) -> None:
    assert (pause_after_loss(claims, 0.0), pause_after_loss(claims, 1.0)) == (shortest, longest)
