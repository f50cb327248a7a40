"""Guarded changes of state: each hits exactly one row or none, also when many try at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from provisioner.operations import transitions
from provisioner.operations.lease import STALE_AFTER, Lease, LeaseLost
from provisioner.operations.models import OperationKind, OperationState, Step, StepState
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db(transaction=True)


def first_step() -> Step:
    return operation(StoreFactory()).steps.get(position=0)


def claimed(step: Step) -> Lease:
    lease = transitions.claim(step)
    assert lease is not None
    step.refresh_from_db()
    return lease


def test_of_many_that_claim_a_step_at_once_one_gets_it() -> None:
    step = first_step()

    def claim(_: int) -> Lease | None:
        try:
            return transitions.claim(Step.objects.get(pk=step.pk))
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
    assert transitions.claim(step) is None

    Step.objects.filter(pk=step.pk).update(heartbeat_at=timezone.now() - STALE_AFTER - timedelta(seconds=1))
    second = transitions.claim(step)

    assert second is not None
    assert second.fence == 2


def test_an_owner_that_was_replaced_can_neither_act_nor_record() -> None:
    step = first_step()
    first = claimed(step)
    second = transitions.claim(step, lost_owner=first.owner)
    assert second is not None

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

    assert transitions.claim(step) is None
    Step.objects.filter(pk=step.pk).update(due_at=timezone.now())
    assert transitions.claim(step) is not None


def test_waiting_forgives_earlier_kills_and_an_error_does_not() -> None:
    step = first_step()
    transitions.try_again(claimed(step), "Reason", "It broke.", delay=0)
    step.refresh_from_db()
    assert (step.attempt, step.claims, step.error_reason) == (1, 1, "Reason")

    transitions.wait(claimed(step), "the pod", delay=0)
    step.refresh_from_db()
    assert (step.attempt, step.claims) == (1, 0)


def test_cancelling_takes_the_lease_from_whoever_holds_it() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(position=0)
    lease = claimed(step)

    assert transitions.cancel_active(running.store) == 1

    with pytest.raises(LeaseLost):
        lease.check()
    step.refresh_from_db()
    assert (step.state, step.owner) == (StepState.CANCELLED, lease.owner)
    transitions.let_go(lease)
    step.refresh_from_db()
    assert step.owner == ""


def test_a_cancelled_step_is_never_claimed() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(position=0)
    transitions.cancel_active(running.store)

    assert transitions.claim(step) is None
    assert transitions.claim(Step.objects.get(pk=step.pk)) is None


def test_a_store_has_one_active_operation_at_most() -> None:
    store = StoreFactory()
    operation(store, running=False)

    with pytest.raises(IntegrityError, match="one_active_operation_of_a_store"):
        operation(store, OperationKind.TEARDOWN, running=False)


def test_an_operation_ends_once() -> None:
    running = operation(StoreFactory())
    transitions.end(running, OperationState.SUCCEEDED)

    with pytest.raises(LeaseLost):
        transitions.end(running, OperationState.FAILED)
    running.refresh_from_db()
    assert running.state == OperationState.SUCCEEDED
