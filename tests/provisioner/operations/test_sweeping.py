"""A sweep is done by one, and the one's time is taken."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from prometheus_client import REGISTRY

from config.beat import schedule
from provisioner.operations.sweeping import SWEEPS, alone

pytestmark = pytest.mark.django_db(transaction=True)


def sweeps(name: str) -> float:
    return REGISTRY.get_sample_value("store_platform_sweep_seconds_count", {"sweep": name}) or 0.0


def try_elsewhere(name: str) -> bool:
    """Whether somebody with a connection of their own would be alone."""

    def attempt() -> bool:
        try:
            with alone(name) as held:
                return held
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(attempt).result()


def test_each_sweep_is_counted_from_the_start_also_one_that_never_ran() -> None:
    assert {name.removeprefix("sweep ") for name in schedule()} == set(SWEEPS)
    for name in SWEEPS:
        for told in ("sweep_seconds_count", "sweep_failures_total"):
            assert REGISTRY.get_sample_value(f"store_platform_{told}", {"sweep": name}) is not None


def test_only_the_one_that_sweeps_is_timed() -> None:
    before = sweeps("attic")

    with alone("attic") as held:
        assert held
        assert not try_elsewhere("attic")
        assert sweeps("attic") == before

    assert sweeps("attic") == before + 1


def test_a_sweep_that_failed_is_timed_and_lets_the_next_one_in() -> None:
    before = sweeps("cellar")

    with pytest.raises(RuntimeError, match="the lamp is broken"), alone("cellar"):
        raise RuntimeError("the lamp is broken")

    assert try_elsewhere("cellar")
    assert sweeps("cellar") == before + 2
