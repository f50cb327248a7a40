"""What a scrape costs: `pytest tests/benchmarks/metrics.py -s`. Prints tables, asserts no time."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.metrics.processes import FolderCollector
from provisioner.operations import tallies
from provisioner.operations.models import Step
from tests.crowds import crowd
from tests.services import ROOT

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]

REPEATS = 20


def timed(call: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Median and longest, in milliseconds."""
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent), max(spent)


@pytest.mark.parametrize(("stores", "operations"), [(10, 1), (1_000, 2), (10_000, 2), (100_000, 1)])
def test_a_scrape(stores: int, operations: int, capsys: pytest.CaptureFixture[str]) -> None:
    crowd(stores, operations=operations, tallies=min(stores, tallies.MOST_LOOSE_ROWS))
    scrape = lambda: Client().get("/metrics").content  # noqa: E731
    size = len(scrape())

    with CaptureQueriesContext(connection) as captured:
        scrape()
    # Now, since the next request empties the log.
    queries = list(captured)
    median, longest = timed(scrape)

    with capsys.disabled():
        print(
            f"\n{stores:>6} stores, {Step.objects.count():>7} steps: {median:7.1f} ms (longest {longest:.1f}), {size} B"
        )
        for query in queries:
            print(f"       {float(query['time']) * 1000:7.0f} ms  {query['sql'][:90]}…")
        for query in queries if stores == 10_000 else []:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, COSTS OFF) " + query["sql"])
                print("\n".join(f"         {row[0][:110]}" for row in cursor.fetchall()))


def test_what_the_same_would_cost_from_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    """The choice that was not made: grouping all steps at each scrape (docs/adr/0013)."""
    crowd(10_000, operations=4, tallies=tallies.MOST_LOOSE_ROWS)
    query = (
        "SELECT o.kind, s.name, width_bucket(extract(epoch FROM s.finished_at - s.started_at)::float8,"
        " ARRAY[0.1,0.25,0.5,1,2.5,5,10,20,30,60,120,300,600]::float8[]), count(*), sum(s.finished_at - s.started_at)"
        " FROM provisioner_step s JOIN provisioner_operation o ON o.id = s.operation_id"
        " WHERE s.state = 'succeeded' GROUP BY 1, 2, 3"
    )

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(query)
            cursor.fetchall()

    from_steps, from_tallies = timed(ask)[0], timed(tallies.totals)[0]

    with capsys.disabled():
        print(f"\n{Step.objects.count()} steps grouped: {from_steps:.1f} ms; tallies: {from_tallies:.1f} ms")


def test_counting_and_folding(capsys: pytest.CaptureFixture[str]) -> None:
    crowd(10_000, tallies=10_000)
    step = Step.objects.first()
    assert step is not None
    one = timed(lambda: tallies.count_finished(step.pk), 200)[0]
    rows = tallies.Tally.objects.count()
    started = time.perf_counter()
    folded = tallies.fold()
    spent = (time.perf_counter() - started) * 1000

    with capsys.disabled():
        print(f"\none count: {one:.2f} ms; folding {folded} of {rows} rows: {spent:.1f} ms")


_CHILD = """
from prometheus_client import Counter, Histogram
asked = Counter("asked", "…", ["verb", "resource", "code"])
took = Histogram("took_seconds", "…", ["sweep"])
for number in range(20):
    asked.labels("get", f"resource-{number}", "200").inc()
took.labels("operations").observe(0.1)
"""


def test_dead_children(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files of workers' children that are gone: read each time, or folded once."""
    children = 150
    for _ in range(children):
        env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", _CHILD], check=True, env=env, cwd=ROOT)
    started = time.perf_counter()
    FolderCollector(tmp_path).collect()
    first = (time.perf_counter() - started) * 1000
    later = timed(lambda: FolderCollector(tmp_path).collect())[0]

    with capsys.disabled():
        print(f"\n{children} dead children: first scrape {first:.1f} ms, later ones {later:.1f} ms")
