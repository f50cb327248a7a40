"""Each step run twice: after the other, at the same time, and by an owner who had been given up for dead."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import ENDPOINT_SLICE, KINDS, POD
from provisioner.operations import admission
from provisioner.operations.models import FINISHED, Operation, OperationKind, Step
from provisioner.pipelines import runner
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, Wait
from provisioner.pipelines.steps import ACTIONS
from stores.models import Store
from stores.services import request_teardown
from tests.chaos.checks import Shape, assert_gone, assert_told_once, objects, shape_of
from tests.chaos.conftest import MakeRig
from tests.chaos.orders import STEPS
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until
from tests.people import at_once

LONG_AGO = timedelta(hours=1)

Objects = dict[tuple[str, str], tuple[str, int, str]]


class KilledHere(BaseException):
    """Ends a link as a kill would: nothing is recorded."""


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig) -> Rig:
    """Nobody but these tests carries a step; messages stay where they are."""
    return make_rig(Plan(provision_workers=0, other_workers=0, beat=False))


@pytest.fixture(scope="module")
def calm(rig: Rig) -> Shape:
    """What a store looks like whose steps were each run once."""
    operation = begun(rig, "calm")
    for step in STEPS["provision"]:
        finish(operation, step)
    return shape_of(rig.cluster, operation.store)


def begun(rig: Rig, what: str) -> Operation:
    """A birth that has its slot."""
    (store,) = rig.ask_for(rig.name(what))
    admission.admit()
    return store.operations.get()


def leaving(operation: Operation) -> Operation:
    """The removal of the same store."""
    request_teardown(operation.store)
    return Operation.objects.get(store=operation.store, kind=OperationKind.TEARDOWN)


def finish(operation: Operation, step: str) -> None:
    """Run the link until its step is done."""

    def run() -> bool:
        runner.run_link(operation.pk, step, ACTIONS[operation.kind])
        return operation.steps.filter(name=step, state__in=FINISHED).exists()

    until(run, f"{step} of {operation} to be done")


def really(context: Context, step: str) -> Done | Wait:
    """The step's own action, until it is done."""
    act = ACTIONS[context.operation.kind][step]
    return until(lambda: done if isinstance(done := act(context), Done) else None, f"{step} to be done")


def grow_silent(operation: Operation, step: str) -> None:
    """Whoever holds the step has given no sign of life for long."""
    operation.steps.filter(name=step).update(heartbeat_at=timezone.now() - LONG_AGO)


def found(cluster: Cluster, store: Store) -> Objects:
    """The store's objects by kind and name: uid, generation, and for those without a status the resourceVersion."""
    seen: Objects = {}
    for kind in KINDS:
        # Pods get ready by themselves meanwhile, and with them what lists their addresses.
        if kind.namespaced and kind not in (POD, ENDPOINT_SLICE):
            for manifest in objects(cluster, kind, store.namespace):
                metadata = manifest["metadata"]
                version = "" if "status" in manifest else metadata["resourceVersion"]
                seen[kind.kind, metadata["name"]] = (metadata["uid"], metadata.get("generation", 0), version)
    return seen


def run_and_be_killed(operation: Operation, step: str) -> None:
    def act(context: Context) -> Done | Wait:
        really(context, step)
        raise KilledHere

    with pytest.raises(KilledHere):
        runner.run_link(operation.pk, step, {step: act})
    grow_silent(operation, step)


def assert_born(rig: Rig, operation: Operation, calm: Shape) -> None:
    store = Store.objects.get(pk=operation.store_id)
    assert_told_once(rig.cluster, store)
    assert shape_of(rig.cluster, store) == calm


def test_steps_that_run_twice_one_after_the_other_make_everything_once(rig: Rig, calm: Shape) -> None:
    operation = begun(rig, "twice")
    for step in STEPS["provision"]:
        run_and_be_killed(operation, step)
        before = found(rig.cluster, operation.store)
        finish(operation, step)
        assert found(rig.cluster, operation.store) == before, step
    assert_born(rig, operation, calm)

    removal = leaving(operation)
    for step in STEPS["teardown"]:
        run_and_be_killed(removal, step)
        finish(removal, step)
    assert_gone(rig.cluster, operation.store.name)


def test_steps_that_run_twice_at_the_same_time_make_everything_once(rig: Rig, calm: Shape) -> None:
    operation = begun(rig, "at-once")
    run_all_at_once(operation)
    assert_born(rig, operation, calm)
    claims = Step.objects.filter(operation=operation).values_list("fence", flat=True)
    assert list(claims) == [1] * len(STEPS["provision"])

    run_all_at_once(leaving(operation))
    assert_gone(rig.cluster, operation.store.name)


def run_all_at_once(operation: Operation) -> None:
    for step in STEPS[operation.kind]:
        run = partial(runner.run_link, operation.pk, step, ACTIONS[operation.kind])
        at_once(3, lambda _, run=run: run())  # type: ignore[misc]
        finish(operation, step)


def test_an_owner_who_was_given_up_and_wakes_up_again_changes_nothing(rig: Rig, calm: Shape) -> None:
    operation = begun(rig, "asleep")
    for step in STEPS["provision"]:
        with asleep(operation, step):
            grow_silent(operation, step)
            finish(operation, step)
            before = found(rig.cluster, operation.store)
        assert found(rig.cluster, operation.store) == before, step
    assert_born(rig, operation, calm)

    removal = leaving(operation)
    for step in STEPS["teardown"]:
        with asleep(removal, step):
            grow_silent(removal, step)
            finish(removal, step)
    assert_gone(rig.cluster, operation.store.name)


@contextmanager
def asleep(operation: Operation, step: str) -> Iterator[None]:
    """Another owner claims the step, and does its work only after the block has ended."""
    claimed, wake, raised = threading.Event(), threading.Event(), list[BaseException]()

    def act(context: Context) -> Done | Wait:
        claimed.set()
        wake.wait(60)
        return really(context, step)

    def run() -> None:
        try:
            runner.run_link(operation.pk, step, {step: act})
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run, name="sleeper")
    thread.start()
    try:
        assert claimed.wait(30)
        yield
    finally:
        wake.set()
        thread.join(60)
    assert raised == []
    assert not thread.is_alive()


def test_nothing_waits_for_the_messages_that_nobody_took(rig: Rig) -> None:
    """Guards the tests above: the doubles were run by them, not by a worker."""
    sent: Any = rig.broker.client().llen("provision")
    assert sent > 0
