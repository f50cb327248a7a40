"""Sweeps of many stores: what they ask of the API server, cost, and write. Asserts counts, and no time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from provisioner.cluster import Cluster, kinds
from provisioner.drift.models import Finding
from tests.benchmarks.drift.objects import name_of, rows
from tests.benchmarks.drift.processes import Api, Child, Counts, api, child
from tests.benchmarks.drift.report import Report, mebibytes
from tests.chaos.cluster import using

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

CALLS = {1_000: 40, 10_000: 400}
CPU_SECONDS = {1_000: 3, 10_000: 30}
PEAK_MEBIBYTES = {10_000: 500}


@pytest.fixture
def full(size: int, tmp_path: Path) -> Iterator[Api]:
    """An API server and a database with so many stores in them."""
    with api(size, tmp_path) as running:
        rows([name_of(number) for number in range(size)])
        yield running


def test_sweeps(full: Api, report: Report) -> None:
    with child("tests.benchmarks.drift.sweeper", full.kubeconfig) as sweeper:
        suspects, calls = measure(full, sweeper, "sweep", "first sweep, clean", report)
        assert (suspects, calls.writes) == (0, 0)
        suspects, calls = measure(full, sweeper, "sweep", "next sweep, clean", report)
        assert (suspects, calls.writes) == (0, 0)
        report.seen["reads", full.stores] = calls.reads

        drifted = drift(full)
        suspects, calls = measure(full, sweeper, "sweep", f"{drifted} drifted: sweep", report)
        assert (suspects, calls.writes) == (drifted, 0)
        measure(full, sweeper, "judge", f"{drifted} drifted: judged", report)
        assert Finding.objects.filter(healed_at__isnull=True).count() == drifted
        healed, _ = measure(full, sweeper, "heal", f"{drifted} drifted: healed", report)
        assert healed == drifted
        suspects, _ = measure(full, sweeper, "sweep", "sweep after that", report)
        assert suspects == 0
    assert not Finding.objects.filter(healed_at__isnull=True).exists()


def measure(full: Api, sweeper: Child, word: str, what: str, report: Report) -> tuple[int, Counts]:
    """Have one thing done, note what it cost, and hold the clean sweeps to what is wanted."""
    before, written = full.counts(), rows_written()
    cost = sweeper.tell(word)
    calls, lines = full.counts().since(before), rows_written() - written
    report.sweeps.append(
        (
            f"{full.stores}",
            what,
            f"{calls.total - calls.writes}",
            f"{calls.writes}",
            f"{lines}",
            f"{cost['cpu']:.2f}",
            f"{cost['wall']:.2f}",
            f"{calls.cpu:.2f}",
            mebibytes(cost["before"]),
            mebibytes(cost["peak"]),
        )
    )
    if what.startswith("first"):
        report.seen["cpu", full.stores] = cost["cpu"]
        hold(full.stores, calls, lines, cost, report)
    return cost["result"], calls


def hold(stores: int, calls: Counts, lines: int, cost: dict[str, Any], report: Report) -> None:
    """Compare a clean sweep with the wanted figures."""
    if stores in CALLS:
        report.want(f"clean sweep of {stores}: calls", CALLS[stores], calls.total)
        report.want(f"clean sweep of {stores}: writes to the API", 0, calls.writes)
        report.want(f"clean sweep of {stores}: rows written", 0, lines)
        report.want(f"clean sweep of {stores}: CPU", CPU_SECONDS[stores], cost["cpu"], " s")
        assert calls.total <= CALLS[stores]
        assert lines == 0
    if stores in PEAK_MEBIBYTES:
        report.want(f"clean sweep of {stores}: peak memory", PEAK_MEBIBYTES[stores], cost["peak"] / 2**20, " MiB")


def drift(full: Api) -> int:
    """Change one object in each hundredth store, in four ways by turns; the number of these."""
    names = [name_of(number) for number in range(0, full.stores, 100)]
    with using(full.kubeconfig) as cluster:
        for number, name in enumerate(names):
            _tamper(cluster, f"store-{name}", number)
    return len(names)


def _tamper(cluster: Cluster, space: str, number: int) -> None:
    if number % 4 == 0:
        cluster.delete(kinds.SERVICE, "backend", space)
    elif number % 4 == 1:
        cluster.patch_merge(kinds.DEPLOYMENT, "storefront", space, {"spec": {"replicas": 4}})
    elif number % 4 == 2:
        cluster.delete(kinds.NETWORK_POLICY, "default-deny", space)
    else:
        cluster.patch_merge(kinds.RESOURCE_QUOTA, "store", space, {"spec": {"hard": {"pods": "99"}}})


def rows_written() -> int:
    """Rows inserted, changed and deleted so far in the platform's tables, by PostgreSQL's own account."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])
