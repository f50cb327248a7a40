"""Databases of older and newer images: migrate.mjs, and what prepare.mjs leaves to it, on a real PostgreSQL server."""

import os
import signal
import subprocess

import pytest

from tests.images.medusa.store import Store

# The first test may have to build the image.
pytestmark = pytest.mark.timeout(900)


def _born_with(store: Store, version: str) -> None:
    store.prepare()
    store.sql(f"UPDATE storeplane.state SET medusa_version = '{version}'")  # noqa: S608 - our own words


def _version(store: Store) -> str:
    (state,) = store.rows("storeplane.state")
    return str(state["medusa_version"])


def _read_until(child: "subprocess.Popen[str]", words: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}")


def test_an_older_database_is_migrated_by_the_job_and_no_second_time(store: Store) -> None:
    _born_with(store, "2.17.2")

    assert "migrating the database from Medusa 2.17.2 to 2.18.0" in store.migrate()

    assert _version(store) == "2.18.0"
    assert "nothing to migrate: the database is of this image" in store.migrate()


def test_the_job_leaves_an_empty_database_to_the_first_pod(store: Store) -> None:
    assert "nothing to migrate: the database isn't filled yet" in store.migrate()
    assert store.sql("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'storeplane')") == "0"


def test_a_pod_waits_for_the_job_and_migrates_nothing_itself(store: Store) -> None:
    _born_with(store, "2.17.2")
    pod = store.begin_prepare(MIGRATION_WAIT_SECONDS="600")
    _read_until(pod, "the database is older than this image: waiting for its migration")

    assert "migrated" in store.migrate()

    output, _ = pod.communicate(timeout=120)
    assert pod.returncode == 0, output
    assert "migrating the database" not in output
    assert "already claimed" in output


def test_a_pod_without_a_job_migrates_after_a_while(store: Store) -> None:
    _born_with(store, "2.17.2")

    output = store.prepare(MIGRATION_WAIT_SECONDS="1")

    assert "no migration has come within 1 s: doing it here" in output
    assert "migrating the database from Medusa 2.17.2 to 2.18.0" in output
    assert _version(store) == "2.18.0"


def test_a_pod_waits_neither_for_an_empty_database_nor_for_one_of_its_own_image(store: Store) -> None:
    for said in ("restored the prepared database", "already claimed"):
        output = store.prepare(MIGRATION_WAIT_SECONDS="600")
        assert said in output
        assert "waiting for its migration" not in output


def test_a_job_and_a_pod_that_waits_no_longer_migrate_once(store: Store) -> None:
    _born_with(store, "2.17.2")
    children = [store.begin_migrate(), store.begin_prepare(MIGRATION_WAIT_SECONDS="0")]
    outputs = [child.communicate(timeout=240)[0] for child in children]

    assert [child.returncode for child in children] == [0, 0], outputs
    assert sum("migrating the database" in output for output in outputs) == 1
    assert _version(store) == "2.18.0"


def test_a_killed_job_is_begun_again(store: Store) -> None:
    _born_with(store, "2.17.2")
    child = store.begin_migrate()
    _read_until(child, "migrating the database")
    # As a container ends: with all of its processes.
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()

    assert "migrating the database" in store.migrate()
    assert _version(store) == "2.18.0"


def test_a_newer_database_is_refused_by_both(store: Store) -> None:
    _born_with(store, "2.100.0")

    for output in (store.migrate(code=1), store.prepare(code=1, MIGRATION_WAIT_SECONDS="600")):
        assert "the database was written by Medusa 2.100.0 and this image is 2.18.0" in output
    assert _version(store) == "2.100.0"
