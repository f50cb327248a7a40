"""`manage.py wait_for_migrations`: it ends when the schema is the code's, and says what it waits for."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.management.commands import wait_for_migrations
from tests.chaos.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def newest() -> dict[str, str]:
    """The last migration of the provisioner, on which no other depends."""
    (leaf,) = MigrationLoader(None).graph.leaf_nodes("provisioner")
    return {"app": leaf[0], "name": leaf[1]}


LAST = newest()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait_for_migrations, "PAUSE_SECONDS", 0.02)


def waited(**options: object) -> str:
    out = StringIO()
    call_command("wait_for_migrations", stdout=out, **options)
    return out.getvalue()


def unapply() -> None:
    MigrationRecorder(connection).Migration.objects.filter(**LAST).delete()


def apply() -> None:
    MigrationRecorder(connection).record_applied(LAST["app"], LAST["name"])


def test_a_schema_that_is_the_codes_is_not_waited_for() -> None:
    assert waited(timeout=0) == "All migrations are applied.\n"


def test_a_missing_migration_is_named_and_waited_for() -> None:
    unapply()
    out = StringIO()
    waiting = threading.Thread(target=lambda: _in_thread(out))
    try:
        waiting.start()
        until(lambda: "Waiting" in out.getvalue(), lambda: "a sentence", seconds=60)
        assert waiting.is_alive()
    finally:
        apply()
        waiting.join(60)

    assert out.getvalue().splitlines() == [
        f"Waiting for 1 migration(s), the next is provisioner.{LAST['name']}.",
        "All migrations are applied.",
    ]


def _in_thread(out: StringIO) -> None:
    try:
        call_command("wait_for_migrations", timeout=60, stdout=out)
    finally:
        connection.close()


def test_after_its_time_it_fails_with_what_was_missing() -> None:
    unapply()
    try:
        with pytest.raises(CommandError, match=rf"{LAST['name']}\. Given up after 0 s\."):
            waited(timeout=0)
        assert waited(timeout=0, any_schema=True) == "The database answers.\n"
    finally:
        apply()


def test_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise OperationalError("connection refused for user=storeplane password=secret")

    monkeypatch.setattr(connection, "ensure_connection", refused)

    with pytest.raises(CommandError, match=r"^Waiting for the database: OperationalError\. Given up") as given_up:
        waited(timeout=0, any_schema=True)
    assert "secret" not in str(given_up.value)
