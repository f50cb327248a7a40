"""Running a sweep alone: two beats, or one beat and two workers, do the work once."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.db import connection
from prometheus_client import Histogram

SWEEP_SECONDS = Histogram(
    "store_platform_sweep_seconds",
    "Seconds that a sweep took, also one that ended in an error, by sweep.",
    ["sweep"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)


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
        with SWEEP_SECONDS.labels(name).time():
            yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
