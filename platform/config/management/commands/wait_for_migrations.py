"""`manage.py wait_for_migrations`: for a pod's init container, so that new code never meets an old schema."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    """Look, say what is missing when that has changed, look again."""

    help = "Wait until the database answers and has all of this code's migrations; changes nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=float, default=600, help="seconds after which it is given up")
        parser.add_argument("--any-schema", action="store_true", help="wait only until the database answers")

    def handle(self, *args: Any, **options: Any) -> None:
        deadline = time.monotonic() + options["timeout"]
        told = ""
        while missing := _missing(any_schema=options["any_schema"]):
            if time.monotonic() >= deadline:
                raise CommandError(f"{missing} Given up after {options['timeout']:g} s.")
            if missing != told:
                self.stdout.write(missing)
                self.stdout.flush()
                told = missing
            time.sleep(PAUSE_SECONDS)
        self.stdout.write("The database answers." if options["any_schema"] else "All migrations are applied.")


def _missing(*, any_schema: bool) -> str:
    """What is still to be waited for, in a sentence; empty when nothing is."""
    try:
        # One that the server has closed since the last look is of no use.
        connection.close_if_unusable_or_obsolete()
        connection.ensure_connection()
        if any_schema:
            return ""
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"Waiting for the database: {type(error).__name__}."
    if not plan:
        return ""
    first = plan[0][0]
    return f"Waiting for {len(plan)} migration(s), the next is {first.app_label}.{first.name}."
