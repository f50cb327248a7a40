"""Fixtures that every test may ask for: real PostgreSQL and Redis servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.breaker import REDIS
from tests import plugin
from tests.services import start_postgres, start_redis


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[None]:
    """A PostgreSQL server at DATABASE_URL."""
    if not plugin.OWN_POSTGRES:
        yield
        return
    folder = _folder("postgres")
    server = start_postgres(folder, plugin.FOLDER)
    yield
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[None]:
    """A Redis server at REDIS_URL."""
    if not plugin.OWN_REDIS:
        yield
        return
    server = start_redis(_folder("redis"), plugin.FOLDER / "redis.sock")
    yield
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: None, redis_server: None) -> None:
    """Called by pytest-django before it makes the test database: a test with a database has both servers."""


@pytest.fixture(autouse=True)
def closed_breaker() -> None:
    """A Redis that was away in one test is there again in the next."""
    REDIS.close()


def _folder(name: str) -> Path:
    folder = plugin.FOLDER / name
    folder.mkdir()
    return folder


def pytest_configure(config: pytest.Config) -> None:
    """whitenoise warns of a folder of collected static files that a test run has no use for."""
    config.addinivalue_line("filterwarnings", "ignore:No directory at:UserWarning")
