"""One built image, one PostgreSQL server, and stores on it, for all tests of the Medusa image."""

import itertools
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.launcher.programs import postgres_programs
from tests.images.medusa.store import IMAGE_SOURCE, NODE, NPM, REPO, Store

sys.path.insert(0, str(IMAGE_SOURCE))
from build_steps.database import Server, temporary_server

PGBIN = postgres_programs()


@pytest.fixture(scope="session")
def image() -> Path:
    """The built `/app` folder; building it takes minutes the first time and nothing afterwards."""
    out = REPO / ".build/images/medusa"
    tools: list[str | Path] = ["--node", NODE, "--npm", NPM, "--pgbin", PGBIN]
    command = [sys.executable, IMAGE_SOURCE / "build.py", *tools, "--out", out]
    subprocess.run(command, check=True)
    return out


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server that all stores of a test file share, each with a database of its own."""
    with temporary_server(PGBIN) as server:
        yield server


@pytest.fixture(scope="module")
def new_store(image: Path, postgres: Server) -> Iterator[Callable[..., Store]]:
    """Makes stores with an empty database each; those still running at the end are stopped."""
    stores: list[Store] = []
    numbers = itertools.count(1)

    def make(server: Server = postgres) -> Store:
        number = next(numbers)
        name = f"shop{number}_{secrets.token_hex(3)}"
        server.client("psql", "-qc", f"CREATE DATABASE {name}")
        stores.append(Store(image, server, name))
        return stores[-1]

    yield make
    for store in stores:
        store.kill()


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Iterator[Store]:
    """A store with an empty database."""
    made = new_store()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def running_store(new_store: Callable[..., Store]) -> Store:
    """A prepared and started store, shared by all tests that only use it."""
    store = new_store()
    store.prepare()
    store.start()
    return store
