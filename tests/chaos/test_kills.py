"""SIGKILL at each boundary of each step: of the process that runs it, and of the whole worker."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from provisioner.operations.models import Operation, OperationKind, Step
from stores.models import Store, StoreEvent
from tests.chaos.checks import LONGEST_HELD_SECONDS, assert_born_once, assert_gone, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.orders import BOUNDARIES, STEPS, Kill, Victim
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until

VICTIMS = get_args(Victim)


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig) -> Rig:
    """Several workers of each sort: the one that is killed has fellows who go on."""
    # As many workers as slots, so that few stores die of each other's orders: a step that has lost its worker ten
    # times is given up. And a lost message is sent again soon, since these tests wait for some forty.
    box = make_rig(Plan(provision_workers=3, other_workers=2, env={"STOREPLANE_RESEND_SECONDS": "1"}))
    box.undisturbed()
    return box


def named(rig: Rig, victim: Victim) -> dict[str, str]:
    """One store for each boundary: its name, and the boundary at which all of its steps are killed."""
    return {rig.name(f"{victim}-{boundary}"): boundary for boundary in BOUNDARIES}


def order(rig: Rig, kind: str, victim: Victim) -> None:
    for name, boundary in named(rig, victim).items():
        assert rig.orders.place(name, [f"{kind}-{step}" for step in STEPS[kind]], boundary, victim) > 0


def assert_obeyed(rig: Rig, name: str) -> None:
    """All orders were, but for steps whose worker died of another store's order in the very moment."""
    # The last one is obeyed a moment after the row says that all is done.
    until(lambda: not unexplained(rig, name), lambda: f"orders to be obeyed: {unexplained(rig, name)}", seconds=20)


def unexplained(rig: Rig, name: str) -> list[str]:
    """The orders for a store that were not obeyed though nothing came in between."""
    others = [kill.at for kill in rig.orders.kills() if kill.victim == "worker" and kill.store != name]
    left = []
    for file in rig.orders.waiting(name):
        kind, _, step = file.split(".")[1].partition("-")
        ended = Step.objects.get(operation__store__name=name, operation__kind=kind, name=step).finished_at
        if ended is None or not any(abs(ended.timestamp() - at) < 1 for at in others):
            left.append(file)
    return left


def kills_during_helm(rig: Rig, name: str) -> int:
    """Kills that may have hit this store's Helm: its own, and those of whole workers that carried it as well."""
    step = Step.objects.get(operation__store__name=name, operation__kind=OperationKind.PROVISION, name="helm")
    assert step.started_at is not None
    assert step.finished_at is not None
    begin, end = step.started_at.timestamp(), step.finished_at.timestamp()
    return sum(
        begin <= kill.at <= end and (kill.store == name or kill.victim == "worker") for kill in rig.orders.kills()
    )


def held_for(kill: Kill) -> float:
    """Seconds from the kill to the first thing that happened to the store afterwards; 0 when nothing was left to do."""
    at = datetime.fromtimestamp(kill.at, UTC)
    kind = kill.step.partition("-")[0]
    operation = Operation.objects.filter(store__name=kill.store, kind=kind).latest("created_at")
    if operation.finished_at is not None and operation.finished_at <= at:
        return 0.0
    signs = list(StoreEvent.objects.filter(store__name=kill.store).values_list("timestamp", flat=True))
    for step in operation.steps.all():
        signs += [moment for moment in (step.started_at, step.finished_at) if moment is not None]
    return min((sign - at).total_seconds() for sign in signs if sign > at)


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_store_is_born_once_whoever_is_killed_at_whatever_moment_of_each_step(rig: Rig, victim: Victim) -> None:
    stores = named(rig, victim)
    order(rig, "provision", victim)

    rig.ask_for(*stores)
    rig.wait_ready(*stores)

    for name in stores:
        assert_obeyed(rig, name)
        assert_born_once(rig.cluster, name, rig.undisturbed(), helm_kills=kills_during_helm(rig, name))
    assert_no_orphans(rig.cluster, rig.prefix)
    held = {kill: held_for(kill) for kill in rig.orders.kills() if kill.store in stores}
    assert {kill: seconds for kill, seconds in held.items() if seconds > LONGEST_HELD_SECONDS} == {}


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_store_goes_without_a_trace_whoever_is_killed_at_whatever_moment_of_each_step(
    rig: Rig, victim: Victim
) -> None:
    stores = named(rig, victim)
    missing = [name for name in stores if not Store.objects.filter(name=name).exists()]
    rig.ask_for(*missing)
    rig.wait_ready(*stores)
    order(rig, "teardown", victim)

    rig.tear_down(*stores)
    rig.wait_gone(*stores)

    for name in stores:
        assert_obeyed(rig, name)
        assert_gone(rig.cluster, name)
    held = {kill: held_for(kill) for kill in rig.orders.kills() if kill.step.startswith("teardown")}
    assert {kill: seconds for kill, seconds in held.items() if seconds > LONGEST_HELD_SECONDS} == {}
