"""How the platform speaks to PostgreSQL over a network: a side that is gone without a word is noticed by the other."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from tests import plugin
from tests.services import run_sql, start_postgres

NOTICED_WITHIN = 60


@pytest.fixture
def connected(tmp_path: Path) -> Iterator["psycopg.Connection[tuple[str]]"]:
    """With the platform's own options, to a server at a port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = start_postgres(tmp_path / "postgres", plugin.FOLDER, port)
    try:
        run_sql(plugin.FOLDER, "ALTER ROLE storeplane PASSWORD 'secret'", port)
        options = settings.DATABASES["default"]["OPTIONS"]
        address = f"postgresql://storeplane:secret@127.0.0.1:{port}/storeplane"
        with psycopg.connect(make_conninfo(address, **options)) as connection:
            yield connection
    finally:
        server.stop()


def test_both_sides_notice_soon_that_the_other_is_gone(connected: "psycopg.Connection[tuple[str]]") -> None:
    def shown(name: str) -> int:
        row = connected.execute("SELECT setting FROM pg_settings WHERE name = %s", [name]).fetchone()
        assert row is not None
        return int(row[0])

    idle, pause, count = (shown(f"tcp_keepalives_{name}") for name in ("idle", "interval", "count"))
    assert idle + pause * count <= NOTICED_WITHIN
    assert 0 < shown("tcp_user_timeout") <= NOTICED_WITHIN * 1000

    ours = socket.socket(fileno=connected.fileno())
    try:
        asked = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
        idle, pause, count, unheard = (ours.getsockopt(socket.IPPROTO_TCP, option) for option in asked)
    finally:
        ours.detach()
    # Before the lease of whoever waits for an answer is somebody else's.
    assert idle + pause * count < settings.STOREPLANE_STALE_SECONDS
    assert 0 < unheard < settings.STOREPLANE_STALE_SECONDS * 1000
