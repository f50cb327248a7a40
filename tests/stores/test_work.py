"""Pausing, going on, reconciling, and changing what is asked for: what becomes of the work that was going on."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from provisioner.operations import admission, transitions
from provisioner.operations.models import Operation, OperationState, Step, StepState
from stores.choices import STEP_CONDITIONS, ConditionStatus, EventType, Phase
from stores.models import Store
from tenants.models import Role
from tests.people import WISH, as_user, member, traces

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann() -> APIClient:
    return as_user("ann")


@pytest.fixture
def store(ann: APIClient) -> Store:
    """A store whose birth waits for a slot."""
    assert ann.post("/stores", WISH).status_code == 201
    return Store.objects.get()


def born(store: Store) -> Store:
    """The same after its birth, as the last step leaves it."""
    operation = store.operations.get()
    admission.admit()
    for name in operation.steps.values_list("name", flat=True):
        transitions.finish(transitions.claim(operation.steps.get(name=name)))
    transitions.end(operation, OperationState.SUCCEEDED)
    Store.objects.filter(pk=store.pk).update(phase=Phase.READY, ready_at=store.created_at, observed_generation=1)
    store.conditions.filter(type__in=STEP_CONDITIONS).update(status=ConditionStatus.TRUE, reason="Seen")
    store.refresh_from_db()
    return store


def patch(ann: APIClient, **changes: Any) -> dict[str, Any]:
    answer = ann.patch("/stores/tea-shop", changes)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def last_event(store: Store) -> str:
    return store.events.order_by("-id").values_list("type", flat=True)[0]


def test_suspending_cancels_what_is_going_on_and_takes_nothing_new(ann: APIClient, store: Store) -> None:
    body = patch(ann, suspended=True)

    assert (body["phase"], body["operation"]["state"]) == ("Suspended", "cancelled")
    assert last_event(store) == EventType.SUSPENDED
    assert admission.admit() == []
    for action in ("retry", "reconcile"):
        assert ann.post(f"/stores/tea-shop/{action}").status_code == 409
    assert patch(ann, plan="medium")["phase"] == "Suspended"
    assert not Operation.objects.filter(state__in=("queued", "running")).exists()


def test_a_suspended_store_can_be_removed(ann: APIClient, store: Store) -> None:
    patch(ann, suspended=True)

    assert ann.delete("/stores/tea-shop").status_code == 202

    assert store.operations.get(kind="teardown").state == OperationState.RUNNING


def test_resuming_starts_anew_towards_what_is_asked_for_by_now(ann: APIClient, store: Store) -> None:
    patch(ann, suspended=True)
    patch(ann, plan="medium")

    body = patch(ann, suspended=False)

    assert (body["phase"], body["operation"]["kind"], body["operation"]["state"]) == ("Pending", "provision", "queued")
    assert store.operations.order_by("-created_at")[0].generation == 2


def test_a_suspended_step_that_still_acts_is_waited_for(ann: APIClient, store: Store) -> None:
    admission.admit()
    lease = transitions.claim(Step.objects.get(name="namespace"))

    patch(ann, suspended=True)

    assert lease.beat() is False
    assert Step.objects.get(name="namespace").owner == lease.owner


def test_a_new_plan_of_a_born_store_is_a_reconciliation_towards_a_new_generation(ann: APIClient, store: Store) -> None:
    born(store)

    body = patch(ann, plan="medium")

    assert (body["generation"], body["observed_generation"], body["phase"]) == (2, 1, "Ready")
    assert (body["operation"]["kind"], body["operation"]["state"]) == ("reconcile", "queued")
    assert body["queue_position"] == 1
    reconciling = next(each for each in body["conditions"] if each["type"] == "Reconciling")
    assert (reconciling["status"], reconciling["reason"]) == ("True", "WaitingForSlot")
    assert store.volume_size == "1Gi"


def test_a_new_plan_rewinds_a_birth_with_fresh_counters(ann: APIClient, store: Store) -> None:
    (operation_id,) = admission.admit()
    lease = transitions.claim(Step.objects.get(name="namespace"))
    transitions.try_again(lease, "Unavailable", "Away.", 60)

    body = patch(ann, plan="medium")

    assert body["operation"]["id"] == str(operation_id)
    step = Step.objects.get(name="namespace")
    assert (step.state, step.attempt, step.due_at) == (StepState.PENDING, 0, None)
    assert Operation.objects.get().generation == 2


def test_a_new_plan_of_a_failed_store_tries_again(ann: APIClient, store: Store) -> None:
    admission.admit()
    operation = store.operations.get()
    transitions.fail(transitions.claim(operation.steps.get(name="namespace")), "Invalid", "No.")
    transitions.end(operation, OperationState.FAILED)
    Store.objects.filter(pk=store.pk).update(phase=Phase.FAILED)

    assert patch(ann, plan="medium")["phase"] == "Pending"


def test_a_change_that_the_cluster_does_not_see_makes_no_generation(ann: APIClient, store: Store) -> None:
    body = patch(ann, deletion_protection=True, drift_policy="warn")

    assert (body["generation"], body["phase"]) == (1, "Pending")
    assert last_event(store) == EventType.SPEC_CHANGED


def test_another_name_is_brought_to_the_running_shop(ann: APIClient, store: Store) -> None:
    born(store)

    body = patch(ann, display_name="Tea & more")

    assert (body["generation"], body["observed_generation"], body["operation"]["kind"]) == (2, 1, "reconcile")


def test_reconcile_now_is_one_operation_however_often_it_is_asked_for(ann: APIClient, store: Store) -> None:
    born(store)

    answers = [ann.post("/stores/tea-shop/reconcile") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert answers[0].json()["kind"] == "reconcile"
    store.refresh_from_db()
    assert store.phase == Phase.READY


def test_reconcile_now_lets_a_step_that_waits_go_on(ann: APIClient, store: Store) -> None:
    admission.admit()
    transitions.try_again(transitions.claim(Step.objects.get(name="namespace")), "Unavailable", "Away.", 600)

    assert ann.post("/stores/tea-shop/reconcile").status_code == 202

    step = Step.objects.get(name="namespace")
    assert (step.state, step.due_at, step.attempt) == (StepState.WAITING, None, 1)


def test_a_viewer_may_do_none_of_it(store: Store) -> None:
    viewer = member(store.tenant, Role.VIEWER, "vic")
    as_user("eve").get("/me")  # the first request makes her tenant
    before = traces()

    assert viewer.post("/stores/tea-shop/reconcile").status_code == 403
    assert viewer.patch("/stores/tea-shop", {"suspended": True}).status_code == 403
    assert as_user("eve").post("/stores/tea-shop/reconcile").status_code == 404
    assert traces() == before
