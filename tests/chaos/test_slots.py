"""Three at a time, over all workers together."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from provisioner.operations.models import Operation, OperationKind, OperationState
from tests.chaos.checks import assert_born_once, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.rig import Plan

SLOTS = 3


@contextmanager
def sampled() -> Iterator[list[int]]:
    """How many births run, looked at again and again from a thread of its own."""
    seen: list[int] = []
    stop = threading.Event()

    def sample() -> None:
        running = Operation.objects.filter(kind=OperationKind.PROVISION, state=OperationState.RUNNING)
        while not stop.wait(0.005):
            seen.append(running.count())
        connection.close()

    thread = threading.Thread(target=sample, name="sampler")
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def most_at_once(names: list[str]) -> int:
    """The most births that overlap, by their rows' own times."""
    changes = []
    for operation in Operation.objects.filter(store__name__in=names, kind=OperationKind.PROVISION):
        assert operation.started_at is not None
        assert operation.finished_at is not None
        changes += [(operation.started_at, 1), (operation.finished_at, -1)]
    running, most = 0, 0
    # An end that falls on another's start comes first.
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most


def test_of_ten_stores_three_at_most_are_provisioned_at_any_time_over_two_workers(make_rig: MakeRig) -> None:
    rig = make_rig(Plan(provision_workers=2))
    shape = rig.undisturbed()
    names = [rig.name(f"slot-{number}") for number in range(10)]

    with sampled() as seen:
        rig.ask_for(*names)
        rig.wait_ready(*names)

    assert len(seen) > 20
    assert max(seen) == SLOTS
    assert most_at_once(names) == SLOTS
    for name in names:
        assert_born_once(rig.cluster, name, shape)
    assert_no_orphans(rig.cluster, rig.prefix)
