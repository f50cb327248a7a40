"""Running a sweep alone: two beats, or one beat and two workers, do the work once."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.db import connection


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Yield True to the one that holds the advisory lock of that name, False to everybody else.

    The lock belongs to the database session, so a process that dies lets go of it at once.
    """
    key = crc32(f"storeplane:{name}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
