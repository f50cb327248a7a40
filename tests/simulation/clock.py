"""The simulation's only time: it stands still until the machine moves it."""

from datetime import UTC, datetime, timedelta

_TICK = timedelta(milliseconds=1)


class Clock:
    """Each look moves it by a millisecond, so that no two rows are of the same moment and all orders are certain."""

    def __init__(self) -> None:
        self._started = self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """In place of `django.utils.timezone.now`."""
        self._now += _TICK
        return self._now

    def monotonic(self) -> float:
        """In place of `time.monotonic`: seconds since the beginning."""
        return (self._now - self._started).total_seconds()

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
