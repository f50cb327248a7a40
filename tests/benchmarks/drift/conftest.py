"""The sizes, the order and the table of the benchmark."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.drift.report import Report

HERE = Path(__file__).parent
ORDER = ("test_sweeps", "test_peer", "test_reactions")
"""The peer is compared with sweeps that were measured before it."""
SIZES = tuple(int(size) for size in os.environ.get("DRIFT_SIZES", "100,1000,10000").split(","))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put our own tests in `ORDER`, and leave others in their places."""
    places = [index for index, item in enumerate(items) if item.path.is_relative_to(HERE)]
    ours = sorted((items[index] for index in places), key=lambda item: ORDER.index(item.path.stem))
    for index, item in zip(places, ours, strict=True):
        items[index] = item


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `size` is run for each of `DRIFT_SIZES`."""
    if "size" in metafunc.fixturenames:
        metafunc.parametrize("size", SIZES)


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Iterator[Report]:
    """Gathers what was measured, and prints it at the end."""
    gathered = Report()
    yield gathered
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(gathered.text())
