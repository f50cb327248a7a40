"""A worker that stops for a while and then goes on as if nothing had been: the hardest owner to replace."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from provisioner.cluster.kinds import NAMESPACE
from provisioner.operations.models import Step, StepState
from stores.choices import EventType
from stores.models import StoreEvent
from tests.chaos.checks import LONGEST_HELD_SECONDS, assert_born_once, assert_gone, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.orders import FROZEN
from tests.chaos.processes import Process
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig) -> Rig:
    """Two workers of each sort: one sleeps, the other takes over."""
    box = make_rig(Plan(provision_workers=2, other_workers=2))
    box.undisturbed()
    return box


def holder(rig: Rig, names: list[str], step: str) -> Process | None:
    """The worker whose child runs that step of one of the stores just now."""
    running = Step.objects.filter(operation__store__name__in=names, name=step, state=StepState.RUNNING)
    for owner in running.values_list("owner", flat=True):
        with suppress(psutil.Error, ValueError):
            parent = psutil.Process(int(owner.split(":")[2])).ppid()
            return next((worker for worker in rig.workers if worker.pid == parent), None)
    return None


@contextmanager
def asleep(worker: Process) -> Iterator[None]:
    """Stop the worker, its children and whatever Helm works for them; at the end they all go on."""
    family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    for process in family:
        with suppress(psutil.Error):
            process.suspend()
    try:
        yield
    finally:
        for process in family:
            with suppress(psutil.Error):
                process.resume()


def taken_over(names: list[str]) -> bool:
    return StoreEvent.objects.filter(store__name__in=names, type=EventType.STEP_TAKEN_OVER).exists()


def test_a_worker_that_sleeps_in_the_middle_of_helm_and_wakes_up_later_does_no_harm(rig: Rig) -> None:
    names = [rig.name(f"sleepy-{number}") for number in range(3)]
    rig.ask_for(*names)

    with asleep(until(lambda: holder(rig, names, "helm"), "a worker to run Helm", every=0.01)):
        until(lambda: taken_over(names), "another to take over", seconds=LONGEST_HELD_SECONDS)
        rig.wait_ready(*names)

    until(lambda: not rig.helms(), "every Helm to end")
    for name in names:
        assert_born_once(rig.cluster, name, rig.undisturbed(), helm_kills=2)
    assert_no_orphans(rig.cluster, rig.prefix)


def test_a_worker_that_sleeps_while_its_store_is_removed_brings_nothing_back(rig: Rig) -> None:
    names = [rig.name(f"ghost-{number}") for number in range(3)]
    rig.ask_for(*names)

    with asleep(until(lambda: holder(rig, names, "helm"), "a worker to run Helm", every=0.01)):
        rig.tear_down(*names)
        rig.wait_gone(*names)

    held = Step.objects.filter(operation__store__name__in=names).exclude(owner="")
    until(lambda: not held.exists() and not rig.helms(), "the sleeper to let go")
    for name in names:
        # One of its children may have slept right before it made a namespace: it takes that back, which isn't instant.
        assert rig.cluster.wait_gone(NAMESPACE, f"store-{name}", timeout=60), name
        assert_gone(rig.cluster, name)
    assert_no_orphans(rig.cluster, rig.prefix)


def test_a_worker_that_freezes_while_it_writes_holds_up_nobody_for_long(rig: Rig) -> None:
    """It holds the lock of its store's row, and the one that orders the log of all stores."""
    names = [rig.name(f"frozen-{number}") for number in range(3)]
    assert rig.orders.place(names[0], ["provision-helm"], "in-record", FROZEN) == 1
    rig.ask_for(*names)

    until(lambda: rig.orders.kills(names[0]), "the worker to freeze")
    frozen = until(rig.frozen, "the worker to be found frozen")
    rig.wait_ready(*names, seconds=LONGEST_HELD_SECONDS)

    for process in frozen:
        process.resume()
    for name in names:
        assert_born_once(rig.cluster, name, rig.undisturbed(), helm_kills=1)
