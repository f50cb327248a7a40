"""Running a sweep alone: two beats, or one beat and two workers, do the work once."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.db import connection
from prometheus_client import Counter, Histogram

SWEEP_SECONDS = Histogram(
    "store_platform_sweep_seconds",
    "Seconds that a sweep took, also one that ended in an error, by sweep.",
    ["sweep"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)

SWEEP_FAILURES = Counter("store_platform_sweep_failures_total", "Sweeps that ended in an error, by sweep.", ["sweep"])

SWEEPS = ("operations", "mirrors", "health", "drift", "orphans", "history")
"""As beat's schedule has them."""

for _sweep in SWEEPS:
    # There from the start: of a sweep that never ran there would otherwise be nothing that an alert could miss.
    SWEEP_SECONDS.labels(_sweep)
    SWEEP_FAILURES.labels(_sweep)


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Yield True to the one that holds the advisory lock of that name, False to everybody else.

    The lock belongs to the database session, so a process that dies lets go of it at once. What the one does is timed.
    """
    key = crc32(f"storeplane:{name}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        held = bool(cursor.fetchone()[0])
    if not held:
        yield False
        return
    try:
        with SWEEP_SECONDS.labels(name).time(), SWEEP_FAILURES.labels(name).count_exceptions():
            yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
