"""A link with steps that behave and steps that don't: raise, wait for ever, lose their lease, were killed before."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.utils import timezone

from provisioner import helm
from provisioner.cluster import QuotaExceeded, Throttled, Unavailable
from provisioner.operations import recovery, transitions
from provisioner.operations.models import Operation, OperationState, Step, StepState
from provisioner.operations.owners import own_name
from provisioner.operations.retries import MOST_CLAIMS_WITHOUT_END
from provisioner.pipelines import chain, runner
from provisioner.pipelines.context import Context
from provisioner.pipelines.definitions import PROVISION
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import Change, ConditionChange, apply_change
from stores.choices import ConditionStatus, EventType, Phase
from stores.services import change_store
from stores.status import Activity
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


@pytest.mark.parametrize("error", [QuotaExceeded, helm.QuotaExceeded])
def test_a_used_up_quota_of_the_namespace_is_told_before_the_failure(error: type[Exception]) -> None:
    running = operation(StoreFactory())

    def act(_: Context) -> Done:
        raise error("There is no room.")

    assert link(running, "namespace", act) is False

    told = running.store.events.get(type=EventType.QUOTA_EXCEEDED)
    assert (told.message, told.step) == ("There is no room.", "namespace")
    assert events(running) == [EventType.QUOTA_EXCEEDED, EventType.PROVISION_FAILED]
    running.store.refresh_from_db()
    assert running.store.phase == Phase.FAILED


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


@pytest.mark.parametrize(
    ("step", "known", "then"),
    [
        ("namespace", "Unknown", "False"),
        ("helm", "True", "False"),
        ("backend", "Unknown", "False"),
        ("backend", "True", "True"),  # it serves as it did before: only its pods' own word changes that
    ],
)
def test_the_condition_of_a_step_that_failed_says_so(step: str, known: str, then: str) -> None:
    running = operation(StoreFactory())
    type_ = PROVISION.step(step).condition
    assert type_ is not None
    for earlier in NAMES[: NAMES.index(step)]:
        link(running, earlier)
    before = ConditionChange(type_, ConditionStatus(known), "Before")
    apply_change(running.store_id, Activity.PROVISIONING, Change(None, conditions=(before,)))

    def act(_: Context) -> Done:
        raise StepFailed("NoSuchThing", "It can't be.")

    assert link(running, step, act) is False

    found = running.store.conditions.get(type=type_)
    assert (found.status, found.reason) == (then, "NoSuchThing" if then == "False" else "Before")


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
        transitions.cancel(context.operation)
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


def test_a_step_that_loses_one_owner_after_the_other_rests_in_between(sent: list[Any]) -> None:
    running = operation(StoreFactory())
    step = running.steps.get(name="namespace")
    transitions.claim(step)
    gone = own_name().rpartition(":")[0] + ":0"
    Step.objects.filter(pk=step.pk).update(owner=gone, claims=6)
    Operation.objects.filter(pk=running.pk).update(message_due_at=None)

    assert link(running, "namespace") is False
    assert recovery.sweep() == []

    Step.objects.filter(pk=step.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=46))
    assert recovery.sweep() == [running.pk]
    assert link(running, "namespace") is True


def test_a_lost_worker_is_replaced_and_the_log_says_so() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(name="namespace")
    transitions.claim(step)
    Step.objects.filter(pk=step.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=90))

    assert link(running, "namespace") is True

    told = running.store.events.order_by("id").first()
    assert told is not None
    assert told.type == EventType.STEP_TAKEN_OVER
    assert told.message == (
        "The worker that ran step 'namespace' was lost (it has given no sign of life for 90 s); "
        "another has taken it over."
    )


def test_a_worker_that_is_known_to_be_gone_is_replaced_at_once() -> None:
    running = operation(StoreFactory())
    step = running.steps.get(name="namespace")
    transitions.claim(step)
    gone = own_name().rpartition(":")[0] + ":0"
    Step.objects.filter(pk=step.pk).update(owner=gone)

    assert link(running, "namespace") is True

    assert "(its process is gone)" in running.store.events.order_by("id")[0].message


def test_the_sweep_alone_finishes_an_operation(sent: list[Any]) -> None:
    running = operation(StoreFactory())

    for name in NAMES:
        Operation.objects.filter(pk=running.pk).update(message_due_at=None)
        assert recovery.sweep() == [running.pk]
        link(running, name)

    running.refresh_from_db()
    assert running.state == OperationState.SUCCEEDED
    assert recovery.sweep() == []


def test_a_message_that_fails_to_be_sent_after_the_commit_is_nobodys_error() -> None:
    running = operation(StoreFactory())
    told: list[str] = []

    with patch.object(chain, "_send", side_effect=OSError("gone")), transaction.atomic():
        chain.send_chain(running)
        transaction.on_commit(lambda: told.append("the next hook"))

    assert told == ["the next hook"]


def test_a_rewound_operation_begins_only_when_the_step_that_acts_has_let_go(sent: list[Any]) -> None:
    running = operation(StoreFactory())
    assert link(running, "namespace")
    tried: list[bool] = []

    def act(context: Context) -> Done:
        transitions.rewind(running, 2)
        tried.append(link(running, "namespace"))
        return Done(EventType.HELM_READY, "Done.")

    assert link(running, "helm", act) is False

    assert tried == [False]
    assert set(running.steps.values_list("state", "owner")) == {(StepState.PENDING, "")}
    assert sent[-1][0] == running.pk
    assert link(running, "namespace") is True


def test_a_store_that_is_changed_while_a_link_reads_its_rows_is_not_brought_to_what_it_was() -> None:
    running = operation(StoreFactory(plan="small"))
    plans: list[str] = []

    def change() -> None:
        change_store(running.store, {"plan": "medium"})
        connection.close()

    def change_after_the_first_look(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if not changer.ident and "provisioner_" in sql:
            changer.start()
            changer.join(60)
        return result

    def act(context: Context) -> Done:
        plans.append(context.store.plan)
        return Done(EventType.NAMESPACE_READY, "Done.")

    changer = threading.Thread(target=change)
    with connection.execute_wrapper(change_after_the_first_look):
        link(running, "namespace", act)

    link(running, "namespace", act)
    assert plans == ["medium"]
