"""A stand-in for each module of tests, and a registry without HTTP for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.api.registry import Registry
from tests.sandbox.api.serving import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A running stand-in."""
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def kubeconfig(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names it for clients."""
    return served.kubeconfig(tmp_path_factory.mktemp("kube"))


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Objects in memory."""
    made = Registry()
    yield made
    made.close()
