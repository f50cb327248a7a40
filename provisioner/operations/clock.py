"""The one clock by which heartbeats are written and judged: the database's, read when the statement is carried out.

Hosts' own may differ, and a heartbeat may wait on its way: by either a living owner would look silent.
"""

from datetime import datetime
from typing import cast

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseTime(Func):
    """For statements."""

    template = "clock_timestamp()"
    output_field = DateTimeField()


def database_time() -> datetime:
    """For decisions made here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
