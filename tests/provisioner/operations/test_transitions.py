"""Guarded changes of state: each hits exactly one row or none, also when many try at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from provisioner.operations import recovery, transitions
from provisioner.operations.errors import LeaseLost, NotClaimable, WrongState
from provisioner.operations.lease import Lease, busy_elsewhere, silent_before
from provisioner.operations.models import OperationKind, OperationState, Step, StepState
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db(transaction=True)


def first_step() -> Step:
    return operation(StoreFactory()).steps.get(position=0)


def claimed(step: Step) -> Lease:
    lease = transitions.claim(step)
    step.refresh_from_db()
    return lease


def test_of_many_that_claim_a_step_at_once_one_gets_it() -> None:
    step = first_step()

    def claim(_: int) -> Lease | None:
        try:
            return transitions.claim(Step.objects.get(pk=step.pk))
        except NotClaimable:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        leases = [lease for lease in pool.map(claim, range(24)) if lease is not None]

    assert len(leases) == 1
    step.refresh_from_db()
    assert (step.state, step.fence, step.claims) == (StepState.RUNNING, 1, 1)


def test_a_living_owner_is_not_replaced_and_a_silent_one_is() -> None:
    step = first_step()
    claimed(step)
    with pytest.raises(NotClaimable):
        transitions.claim(step)

    Step.objects.filter(pk=step.pk).update(heartbeat_at=silent_before() - timedelta(seconds=1))

    assert transitions.claim(step).fence == 2


def test_an_owner_that_was_replaced_can_neither_act_nor_record() -> None:
    step = first_step()
    first = claimed(step)
    second = transitions.claim(step, lost_owner=first.owner)

    with pytest.raises(LeaseLost):
        first.check()
    with pytest.raises(LeaseLost):
        transitions.finish(first)
    step.refresh_from_db()
    assert step.state == StepState.RUNNING
    second.check()


def test_a_step_that_waits_is_not_claimed_before_it_is_due() -> None:
    step = first_step()
    transitions.wait(claimed(step), "better times", delay=60)
    step.refresh_from_db()

    with pytest.raises(NotClaimable):
        transitions.claim(step)
    Step.objects.filter(pk=step.pk).update(due_at=timezone.now())
    assert transitions.claim(step).fence == 2


def test_an_owner_that_lives_to_say_how_it_went_has_its_earlier_kills_forgiven() -> None:
    step = first_step()
    transitions.try_again(claimed(step), "Reason", "It broke.", delay=0)
    step.refresh_from_db()
    assert (step.attempt, step.claims, step.error_reason) == (1, 0, "Reason")

    transitions.wait(claimed(step), "the pod", delay=0)
    step.refresh_from_db()
    assert (step.attempt, step.claims) == (1, 0)


def test_cancelling_takes_the_lease_from_whoever_holds_it() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(position=0)
    lease = claimed(step)

    transitions.cancel(running)

    with pytest.raises(LeaseLost):
        lease.check()
    step.refresh_from_db()
    assert (step.state, step.owner) == (StepState.CANCELLED, lease.owner)
    assert busy_elsewhere(running.store_id, operation(running.store).steps.get(position=0).pk) == step
    assert transitions.let_go(lease) is True
    assert transitions.let_go(lease) is False
    step.refresh_from_db()
    assert step.owner == ""


def test_an_owner_that_was_lost_in_an_operation_that_is_over_is_forgotten() -> None:
    over, going_on = operation(StoreFactory()), operation(StoreFactory())
    for running in (over, going_on):
        claimed(running.steps.get(position=0))
    transitions.cancel(over)
    assert transitions.forget_the_lost() == 0

    Step.objects.exclude(owner="").update(heartbeat_at=silent_before() - timedelta(seconds=1))

    assert transitions.forget_the_lost() == 1
    assert Step.objects.exclude(owner="").get().operation == going_on


def test_a_cancelled_step_is_never_claimed() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(position=0)
    transitions.cancel(running)

    for known in (step, Step.objects.get(pk=step.pk)):
        with pytest.raises(NotClaimable):
            transitions.claim(known)


def test_a_store_has_one_active_operation_at_most() -> None:
    store = StoreFactory()
    operation(store, running=False)

    with pytest.raises(IntegrityError, match="one_active_operation_of_a_store"):
        operation(store, OperationKind.TEARDOWN, running=False)


def test_an_operation_ends_once() -> None:
    running = operation(StoreFactory())
    transitions.end(running, OperationState.SUCCEEDED)

    for change in (
        lambda: transitions.end(running, OperationState.FAILED),
        lambda: transitions.start(running),
        lambda: transitions.cancel(running),
        lambda: transitions.rewind(running, 2),
        lambda: transitions.hurry(running),
        lambda: transitions.name_blocker(running, "a finalizer"),
    ):
        with pytest.raises(WrongState):
            change()
    running.refresh_from_db()
    assert running.state == OperationState.SUCCEEDED


def test_a_rewound_operation_begins_again_with_fresh_counters() -> None:
    running = operation(StoreFactory())
    transitions.finish(claimed(running.steps.get(position=0)))
    step = running.steps.get(position=1)
    transitions.try_again(claimed(step), "Reason", "It broke.", delay=60)

    transitions.rewind(running, 2)

    running.refresh_from_db()
    rows = running.steps.values_list("state", "attempt", "claims", "due_at", "error_reason", "started_at")
    assert set(rows) == {(StepState.PENDING, 0, 0, None, "", None)}
    assert running.generation == 2


def test_nobody_claims_a_rewound_step_before_its_owner_has_let_go() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(position=0)
    lease = claimed(step)
    transitions.rewind(running, 2)
    step.refresh_from_db()

    with pytest.raises(NotClaimable):
        transitions.claim(step)
    with pytest.raises(LeaseLost):
        transitions.finish(lease)
    assert lease.beat() is False

    assert transitions.let_go(lease) is True
    assert transitions.claim(Step.objects.get(pk=step.pk)).fence == 3


def test_a_step_whose_rewound_owner_is_dead_can_be_claimed() -> None:
    running = operation(StoreFactory())
    lease = claimed(running.steps.get(position=0))
    transitions.rewind(running, 2)

    assert transitions.claim(Step.objects.get(pk=lease.step_id), lost_owner=lease.owner).fence == 3


def test_a_step_that_waits_is_due_at_once_when_it_is_hurried() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(position=0)
    transitions.wait(claimed(step), "better times", delay=600)

    transitions.hurry(running)

    assert transitions.claim(Step.objects.get(pk=step.pk)).fence == 2


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_that_is_wrong_takes_nobody_for_lost(minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner's or that of whoever looks: heartbeats are written and judged by the database's."""

    def wrong() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=minutes)

    step = first_step()
    with monkeypatch.context() as there:
        there.setattr(timezone, "now", wrong)
        assert claimed(step).beat()
        step.refresh_from_db()
    with pytest.raises(NotClaimable):
        transitions.claim(step)
    assert busy_elsewhere(step.operation.store_id, 0) == step

    assert Lease(step.pk, step.owner, step.fence).beat()
    monkeypatch.setattr(timezone, "now", wrong)
    with pytest.raises(NotClaimable):
        transitions.claim(step)
    assert busy_elsewhere(step.operation.store_id, 0) == step
    assert recovery.sweep() == []
