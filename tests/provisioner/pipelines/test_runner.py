"""A link with steps that behave and steps that don't: raise, wait for ever, lose their lease, were killed before."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from provisioner.cluster import Throttled, Unavailable
from provisioner.operations import recovery, transitions
from provisioner.operations.models import Operation, OperationState, Step, StepState
from provisioner.operations.retries import MOST_CLAIMS_WITHOUT_END
from provisioner.pipelines import chain, runner
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.choices import EventType, Phase
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[Context], Done | Wait]
NAMES = ("namespace", "helm", "db", "backend", "storefront")


@pytest.fixture(autouse=True)
def sent() -> Iterator[list[Any]]:
    """Chains that would have been sent; the messages themselves are the outermost edge of these tests."""
    messages: list[Any] = []
    with patch.object(chain, "_send", lambda operation_id, countdown: messages.append((operation_id, countdown))):
        yield messages


def done(_: Context) -> Done:
    return Done(EventType.DB_READY, "Done.")


def link(running: Operation, name: str, act: Act = done) -> bool:
    return runner.run_link(running.pk, name, {name: act})


def events(running: Operation) -> list[str]:
    return list(running.store.events.order_by("id").values_list("type", flat=True))


def test_links_in_order_make_the_operation_succeed() -> None:
    running = operation(StoreFactory())

    assert [link(running, name) for name in NAMES] == [True] * 5

    running.refresh_from_db()
    assert running.state == OperationState.SUCCEEDED
    assert events(running)[-1] == EventType.STORE_READY


def test_a_double_message_does_nothing_again() -> None:
    running = operation(StoreFactory())
    calls: list[int] = []

    def act(_: Context) -> Done:
        calls.append(1)
        return Done(EventType.NAMESPACE_READY, "Done.")

    assert link(running, "namespace", act) is True
    assert link(running, "namespace", act) is True
    assert calls == [1]


def test_a_link_that_comes_too_early_stops_its_chain() -> None:
    running = operation(StoreFactory())

    assert link(running, "helm") is False
    assert running.steps.get(name="helm").state == StepState.PENDING


def test_a_passing_error_is_tried_again_later(sent: list[Any]) -> None:
    running = operation(StoreFactory())

    def act(_: Context) -> Done:
        raise Unavailable("The cluster is out of reach.")

    assert link(running, "namespace", act) is False

    step = running.steps.get(name="namespace")
    assert (step.state, step.attempt, step.error_reason) == (StepState.WAITING, 1, "Unavailable")
    assert [operation_id for operation_id, _ in sent] == [running.pk]
    assert events(running) == [EventType.STEP_RETRY]


def test_a_throttled_step_waits_as_long_as_it_was_told(sent: list[Any]) -> None:
    running = operation(StoreFactory())

    def act(_: Context) -> Done:
        raise Throttled("Too many requests.", retry_after=42)

    link(running, "namespace", act)

    assert sent == [(running.pk, 42)]


def test_a_permanent_error_fails_the_store_with_advice() -> None:
    running = operation(StoreFactory())

    def act(_: Context) -> Done:
        raise StepFailed("NamespaceTaken", "The namespace is somebody else's.")

    assert link(running, "namespace", act) is False

    running.refresh_from_db()
    running.store.refresh_from_db()
    assert running.state == OperationState.FAILED
    assert running.store.phase == Phase.FAILED
    assert running.store.message == ("The namespace is somebody else's. Correct that, then retry the store.")
    assert running.store.conditions.get(type="Stalled").status == "True"


def test_an_unknown_error_tells_its_name_and_no_more() -> None:
    running = operation(StoreFactory())

    def act(_: Context) -> Done:
        raise ValueError("password=hunter2")

    link(running, "namespace", act)

    step = running.steps.get(name="namespace")
    assert step.error_message == "An unexpected ValueError stopped the step; the platform's log has the details."


def test_a_step_that_loses_its_lease_records_nothing() -> None:
    running = operation(StoreFactory())

    def act(context: Context) -> Done:
        transitions.cancel_active(context.store)
        return Done(EventType.NAMESPACE_READY, "Done.")

    assert link(running, "namespace", act) is False

    step = running.steps.get(name="namespace")
    assert (step.state, step.owner) == (StepState.CANCELLED, "")
    assert events(running) == []


def test_a_step_that_keeps_killing_its_worker_is_given_up() -> None:
    running = operation(StoreFactory())
    Step.objects.filter(operation=running, name="namespace").update(claims=MOST_CLAIMS_WITHOUT_END)

    assert link(running, "namespace") is False

    running.refresh_from_db()
    assert (running.state, running.error_reason) == (OperationState.FAILED, "WorkerLost")


def test_a_lost_worker_is_replaced_and_the_log_says_so() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(name="namespace")
    assert transitions.claim(step) is not None
    Step.objects.filter(pk=step.pk).update(owner=f"{runner.is_surely_dead.__module__}:1:0", heartbeat_at=None)
    Step.objects.filter(pk=step.pk).update(heartbeat_at="2026-01-01T00:00:00Z")

    assert link(running, "namespace") is True

    assert events(running)[0] == EventType.STEP_TAKEN_OVER


def test_the_sweep_alone_finishes_an_operation(sent: list[Any]) -> None:
    running = operation(StoreFactory())

    for name in NAMES:
        Operation.objects.filter(pk=running.pk).update(sent_at=None)
        assert recovery.sweep() == [running.pk]
        link(running, name)

    running.refresh_from_db()
    assert running.state == OperationState.SUCCEEDED
    assert recovery.sweep() == []
