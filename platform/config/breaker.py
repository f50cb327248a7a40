"""Not asking again and again what has just failed to answer."""

import time


class Breaker:
    """Open for a while after a failure; who sees it open does without, for somebody else will catch up.

    One for each process, and no lock: two threads that both try are one attempt too many at most.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last failure is so recent that an attempt would only cost its timeout."""
        return time.monotonic() < self._until

    def trip(self) -> None:
        """Note a failure."""
        self._until = time.monotonic() + self._seconds

    def close(self) -> None:
        """Note an answer: what was away is asked again at once."""
        self._until = 0.0


REDIS = Breaker(5.0)
"""For telling others what is committed. A Redis that hangs must cost a request one timeout, not one for each message:
what isn't told is told by the sweep."""
