"""The peer beside the sweep: one round of an operator on kopf with a timer for each store. Asserts counts alone."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.drift.processes import api, child
from tests.benchmarks.drift.report import Report, mebibytes
from tests.benchmarks.peers import timers

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

TIMES_FEWER = {1_000: 100}
LARGEST = 1_000
"""More stores are calculated: the peer's cost is so much a store."""


@dataclass(frozen=True)
class Turn:
    """What one round of all stores cost: calls, and CPU seconds of the operator and of the API server."""

    reads: float
    writes: float
    cpu: float
    of_api: float

    def times(self, factor: float) -> "Turn":
        """The same for so many times the stores."""
        return Turn(self.reads * factor, self.writes * factor, self.cpu * factor, self.of_api * factor)


def test_the_peer(size: int, tmp_path: Path, report: Report) -> None:
    if size > LARGEST:
        calculate(size, report)
        return
    with api(size, tmp_path) as full, child("tests.benchmarks.peers.timers", full.kubeconfig, f"{size}") as operator:
        before = full.counts()
        cost = operator.tell("round")
        calls = full.counts().since(before)
    assert cost["drifted"] == []
    assert calls.reads >= size * timers.READS_A_STORE
    turn = Turn(calls.reads, calls.writes, cost["cpu"], calls.cpu)
    report.seen["peer", size] = turn
    show(f"{size}", size, turn, report, f"{cost['wall']:.2f}", mebibytes(cost["before"]), mebibytes(cost["peak"]))
    sweep = report.seen.get(("reads", size))
    if not sweep:
        report.notes.append(f"The peer's round of {size} is compared with no sweep: none was measured in this run.")
    elif size in TIMES_FEWER:
        report.want_at_least(f"peer's reads to the sweep's at {size}", TIMES_FEWER[size], turn.reads / sweep, " to 1")
        assert turn.reads >= TIMES_FEWER[size] * sweep


def show(label: str, size: int, turn: Turn, report: Report, *measured: str) -> None:
    """A line of the table, beside the sweep of as many stores if there was one; wall time and memory if measured."""
    wall, before, peak = measured or ("", "", "")
    costs = f"{turn.reads:.0f}", f"{turn.writes:.0f}", f"{turn.cpu:.2f}", wall, f"{turn.of_api:.2f}", before, peak
    sweep = {what: report.seen.get((what, size)) for what in ("reads", "cpu")}
    ratios = (
        f"{turn.reads / sweep['reads']:.0f}" if sweep["reads"] else "",
        f"{turn.cpu / sweep['cpu']:.0f}" if sweep["cpu"] else "",
    )
    report.peers.append((label, *costs, *ratios))


def calculate(size: int, report: Report) -> None:
    """What so many stores would cost by the largest round that was measured."""
    measured = max((stores for what, stores in report.seen if what == "peer"), default=0)
    if not measured:
        pytest.skip("nothing was measured to calculate from")
    show(f"{size} *", size, report.seen["peer", measured].times(size / measured), report)
    report.notes.append(f"* calculated: {size / measured:g} times the peer's round of {measured} stores.")
