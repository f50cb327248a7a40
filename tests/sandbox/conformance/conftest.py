"""What the table is run against."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.api.serving import serving
from tests.sandbox.conformance.cluster import connect


@pytest.fixture(scope="session")
def cluster() -> Iterator[httpx.Client]:
    """The cluster that KUBECONFIG names, else the stand-in; `./storeplane test` hands one on only when told to."""
    named = os.environ.get("KUBECONFIG")
    if named:
        with connect(Path(named)) as client:
            yield client
        return
    with serving() as served, httpx.Client(base_url=served.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def run_name() -> str:
    """The beginning of all names that a run makes."""
    return f"conf-{secrets.token_hex(3)}"
