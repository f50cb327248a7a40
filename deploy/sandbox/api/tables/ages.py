"""Durations and ages as people read them, rounded as ``k8s.io/apimachinery/pkg/util/duration`` does."""

from datetime import UTC, datetime


def parse_time(text: str) -> datetime:
    """An API timestamp, with or without microseconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
# Up to how many seconds which units are shown; None shows one unit only.
_STEPS: tuple[tuple[int, tuple[int, str], tuple[int, str] | None], ...] = (
    (2 * _MINUTE, (1, "s"), None),
    (10 * _MINUTE, (_MINUTE, "m"), (1, "s")),
    (3 * _HOUR, (_MINUTE, "m"), None),
    (8 * _HOUR, (_HOUR, "h"), (_MINUTE, "m")),
    (2 * _DAY, (_HOUR, "h"), None),
    (8 * _DAY, (_DAY, "d"), (_HOUR, "h")),
    (2 * _YEAR, (_DAY, "d"), None),
    (8 * _YEAR, (_YEAR, "y"), (_DAY, "d")),
)


def human_duration(seconds: float) -> str:
    """Seconds as the API server's tables print them: 5s, 3m20s, 2h5m, 4d."""
    whole = int(seconds)
    if whole < 0:
        return "<invalid>" if whole < -1 else "0s"
    for end, (unit, sign), smaller in _STEPS:
        if whole < end:
            rest = (whole % unit) // smaller[0] if smaller else 0
            return f"{whole // unit}{sign}" + (f"{rest}{smaller[1]}" if smaller and rest else "")
    return f"{whole // _YEAR}y"


def age(text: str | None) -> str:
    """How long ago a timestamp is, ``<unknown>`` when there is none."""
    if not text:
        return "<unknown>"
    return human_duration((datetime.now(UTC) - parse_time(text)).total_seconds())
