"""What the simulation needs for as long as its tests run."""

import logging
from collections.abc import Iterator

import pytest

from tests.simulation import ledger
from tests.simulation.carriers import POOL
from tests.simulation.world import World


@pytest.fixture
def simulated(transactional_db: None) -> Iterator[None]:
    """A database that writes its changes down, and workers' threads that end before it is emptied."""
    ledger.install()
    # The engine's log of a thousand stories costs more than the stories.
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    POOL.stop()
    ledger.remove()


@pytest.fixture
def world(simulated: None) -> Iterator[World]:
    """A world for one story that a test tells itself."""
    with World().open() as made:
        yield made
