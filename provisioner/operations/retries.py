"""What is done about an error: the sorting is pure, and this is the only place that knows it."""

from dataclasses import dataclass
from enum import StrEnum

FIRST_DELAY_SECONDS = 1.0
MOST_DELAY_SECONDS = 60.0
MOST_RETRY_AFTER_SECONDS = 900.0
MOST_PASSING_ATTEMPTS = 12
"""With the delays above some six minutes: an API server's restart or upgrade must not fail a store."""

MOST_UNKNOWN_ATTEMPTS = 5
MOST_PAUSE_SECONDS = 30.0
MOST_CLAIMS_WITHOUT_END = 10
"""A step that ended its worker so often is given up: it may be what kills it."""


class ErrorKind(StrEnum):
    """passing: wait and try again; permanent: trying again can't help; unknown: try a few times."""

    PASSING = "passing"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Failure:
    """An error, sorted. `reason` is CamelCase and stable; `message` is one sentence for a person.

    `retry_after` (seconds) is what the server asked for: the next attempt comes no sooner.
    """

    kind: ErrorKind
    reason: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True)
class TryAgain:
    """Wait `delay` seconds, then claim the step anew."""

    delay: float


@dataclass(frozen=True)
class GiveUp:
    """No further attempt; `advice` tells a person what to do."""

    advice: str


def decide(failure: Failure, attempt: int, jitter: float, *, endless: bool = False) -> TryAgain | GiveUp:
    """What follows the `attempt`-th failure of a step (1 is the first).

    `jitter` in 0..1 spreads the delays of stores that failed together ("full jitter" over the upper half, so that a
    delay is never near zero). An `endless` step (teardown) is never given up, it only waits longer.
    """
    limit = {
        ErrorKind.PERMANENT: 1,
        ErrorKind.UNKNOWN: MOST_UNKNOWN_ATTEMPTS,
        ErrorKind.PASSING: MOST_PASSING_ATTEMPTS,
    }[failure.kind]
    if attempt >= limit and not endless:
        return GiveUp(_advice(failure, attempt))
    ceiling = min(MOST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(attempt, 16))
    asked_for = min(failure.retry_after or 0.0, MOST_RETRY_AFTER_SECONDS)
    return TryAgain(max(asked_for, ceiling / 2 + jitter * ceiling / 2))


def pause_after_loss(claims: int, spread: float) -> float:
    """Seconds that a step rests after its `claims`-th owner in a row was lost; none after the first.

    A step that kills its worker takes the worker's other steps with it. `spread` in 0..1, different for each step,
    lets those come back at other moments, and a step that gets through starts counting anew.
    """
    if claims <= 1:
        return 0.0
    return float(min(MOST_PAUSE_SECONDS, 2 ** min(claims - 1, 16)) * (0.5 + spread))


def _advice(failure: Failure, attempt: int) -> str:
    if failure.kind == ErrorKind.PERMANENT:
        return f"{failure.message} Correct that, then retry the store."
    return f"{failure.message} It was tried {attempt} times; retry the store when the cause is mended."
