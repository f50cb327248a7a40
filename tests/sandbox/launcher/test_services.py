"""PostgreSQL and Redis as the launcher starts them: the real programs."""

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from sandbox.launcher import pids, privileges, services
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home
from sandbox.launcher.supervisor import Supervisor


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def servers(home: Home) -> tuple[Supervisor, Path]:
    sockets = services.socket_folder(home.root)
    services.make_database(home.root / "postgres")
    specs = [services.postgres(home.root / "postgres", sockets), services.redis(home.root / "redis", sockets)]
    return Supervisor(home, specs, {}), sockets


async def test_what_was_written_is_there_after_a_stop_and_a_start(home: Home) -> None:
    supervisor, sockets = servers(home)
    await supervisor.start()
    with psycopg.connect(services.database_url(sockets)) as database:
        database.execute("CREATE TABLE kept (word text)")
        database.execute("INSERT INTO kept VALUES ('still here')")
    redis_client.Redis.from_url(services.redis_url(sockets)).set("kept", "still here")
    await supervisor.stop()

    supervisor, sockets = servers(home)
    await supervisor.start()
    with psycopg.connect(services.database_url(sockets)) as database:
        assert database.execute("SELECT word FROM kept").fetchone() == ("still here",)
    assert redis_client.Redis.from_url(services.redis_url(sockets)).get("kept") == b"still here"
    await supervisor.stop()


async def test_the_queue_is_never_evicted_and_survives_a_crash(home: Home) -> None:
    supervisor, sockets = servers(home)
    await supervisor.start()
    client = redis_client.Redis.from_url(services.redis_url(sockets))
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    await supervisor.stop()


async def test_a_pid_file_left_by_a_crash_does_not_block_the_start(home: Home) -> None:
    services.make_database(home.root / "postgres")
    # Process 1 lives for ever and is not PostgreSQL: the pid in the file was given out again.
    (home.root / "postgres" / "data" / "postmaster.pid").write_text("1\n")
    supervisor, _ = servers(home)
    await supervisor.start()
    await supervisor.stop()


def test_a_killed_first_start_is_made_anew(home: Home) -> None:
    (home.root / "postgres" / "unfinished").mkdir(parents=True)
    (home.root / "postgres" / "unfinished" / "half").touch()
    services.make_database(home.root / "postgres")
    assert (home.root / "postgres" / "data" / "PG_VERSION").read_text() == "16\n"


def test_data_of_another_version_is_refused_in_one_sentence(home: Home) -> None:
    data = home.root / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(LauncherError, match="was made by PostgreSQL 15 and this is 16"):
        services.make_database(home.root / "postgres")


def test_a_long_path_gets_its_sockets_in_a_short_one(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    folder = services.socket_folder(long)
    try:
        assert len(str(folder)) < 60
        assert folder.stat().st_mode & 0o777 == 0o700
        assert services.socket_folder(long) == folder
    finally:
        folder.rmdir()


START_AND_DIE = """
    import asyncio, sys, psycopg
    from pathlib import Path
    from sandbox.launcher import services
    from sandbox.launcher.home import Home
    from sandbox.launcher.supervisor import Supervisor

    async def main():
        home = Home(Path(sys.argv[1]))
        sockets = services.socket_folder(home.root)
        services.make_database(home.root / "postgres")
        supervisor = Supervisor(home, [services.postgres(home.root / "postgres", sockets)], {})
        await supervisor.start()
        print(supervisor.children["postgres"].pid, flush=True)
        await asyncio.sleep(600)

    asyncio.run(main())
"""


async def test_postgres_stops_by_itself_when_the_supervisor_is_killed(home: Home) -> None:
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(START_AND_DIE), str(home.root), stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    pid = int(await killed.stdout.readline())
    killed.kill()
    await killed.wait()
    async with asyncio.timeout(60):
        while pids.start_ticks(pid) is not None:  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.02)
    assert not (home.root / "postgres" / "data" / "postmaster.pid").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up being root for PostgreSQL")
async def test_root_without_user_namespaces_still_gets_a_database(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    really_works = privileges._works
    monkeypatch.setattr(privileges, "_works", lambda prefix: prefix[0] != "unshare" and really_works(prefix))
    privileges.unprivileged.cache_clear()
    try:
        home.root.parent.chmod(0o700)
        supervisor, sockets = servers(home)
        await supervisor.start()
        with psycopg.connect(services.database_url(sockets)) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)
        assert (home.root / "postgres" / "data").stat().st_uid == privileges.NOBODY
        await supervisor.stop()
    finally:
        privileges.unprivileged.cache_clear()
