"""A store is deleted at any moment: it goes without a trace, and what holds it up is named."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from provisioner import namespaces, safekeeping
from provisioner.cluster import Cluster, Manifest, Unavailable
from provisioner.cluster.kinds import CONFIG_MAP, NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SECRET, STORE
from provisioner.helm import helm
from provisioner.mirror import writer
from provisioner.mirror.schema import FINALIZER
from provisioner.operations import transitions
from provisioner.operations.errors import LeaseLost
from provisioner.operations.lease import silent_before
from provisioner.operations.models import FINISHED, Operation, OperationKind, OperationState, StepState
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, Wait
from provisioner.pipelines.runner import run_link
from provisioner.pipelines.steps import ACTIONS, teardown
from provisioner.pipelines.steps.lateness import withdraw_if_late
from stores.choices import EventType, Phase
from stores.models import Store
from stores.services import request_teardown
from tests.people import at_once
from tests.provisioner.factories import StoreFactory, operation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

BIRTH = ("namespace", "helm", "db", "backend", "storefront")
MOST_LOOKS = 200


@pytest.fixture(autouse=True)
def definition(kube: Cluster, settings: Any) -> None:
    """The Store resource is known to the API server, and patience is short."""
    call_command("install_crd", stdout=open("/dev/null", "w"))  # noqa: SIM115
    settings.STOREPLANE_BLOCKED_SECONDS = 0.5


@pytest.fixture
def store(kube: Cluster) -> Iterator[Store]:
    made = StoreFactory(volume_size="1Gi", ready_at=None)
    writer.write(kube, made.pk)
    yield made
    hold(kube, made, [])


def look(running: Operation) -> bool:
    """One delivered link of the step that the operation has come to; false once there is none."""
    running.refresh_from_db()
    step = running.steps.exclude(state__in=FINISHED).first()
    if running.state != OperationState.RUNNING or step is None:
        return False
    transitions.hurry(running)
    run_link(running.pk, step.name, ACTIONS[running.kind])
    return True


def carry(running: Operation, until: Callable[[], bool] = lambda: False) -> None:
    """Look again and again until it is over, or until something is so."""
    for _ in range(MOST_LOOKS):
        if until() or not look(running):
            return
    pytest.fail(f"{running} is still at {running.steps.exclude(state__in=FINISHED).first()}")


def removal(store: Store) -> Operation:
    request_teardown(store)
    return store.operations.get(kind=OperationKind.TEARDOWN)


def hold(kube: Cluster, store: Store, finalizers: list[str]) -> None:
    """Put somebody's finalizers on an object in the namespace, or take them away."""
    if kube.get(CONFIG_MAP, "held", store.namespace) is not None or finalizers:
        metadata = {"name": "held", "namespace": store.namespace, "finalizers": finalizers}
        kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def assert_gone(kube: Cluster, store: Store) -> None:
    assert_removed(kube, store)
    assert not store.operations.exclude(steps__owner="").exists()


def assert_removed(kube: Cluster, store: Store) -> None:
    store.refresh_from_db()
    assert store.deleted_at is not None
    assert kube.get(NAMESPACE, store.namespace) is None
    assert kube.get(STORE, store.name) is None
    claims = [volume["spec"].get("claimRef", {}).get("namespace") for volume in kube.list(PERSISTENT_VOLUME)]
    assert store.namespace not in claims
    assert store.events.order_by("-id")[0].type == EventType.DELETE_COMPLETE


@pytest.mark.parametrize("done", range(len(BIRTH) + 1))
def test_a_store_is_deleted_between_any_two_steps_of_its_birth(kube: Cluster, store: Store, done: int) -> None:
    birth = operation(store)
    carry(birth, until=lambda: birth.steps.filter(state__in=FINISHED).count() >= done)

    carry(removal(store))

    assert_gone(kube, store)


@pytest.mark.parametrize("name", BIRTH)
def test_a_step_that_is_acting_stops_before_the_removal_begins(kube: Cluster, store: Store, name: str) -> None:
    birth = operation(store)
    carry(birth, until=lambda: birth.steps.exclude(state__in=FINISHED).first().name == name)  # type: ignore[union-attr]
    inside, go_on = threading.Event(), threading.Event()

    def act(context: Context) -> Done | Wait:
        inside.set()
        assert go_on.wait(60)
        return ACTIONS[birth.kind][name](context)

    def run() -> None:
        try:
            run_link(birth.pk, name, {name: act})
        finally:
            connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    assert inside.wait(60)
    running = removal(store)
    assert look(running)
    drain = running.steps.get(name="drain")
    assert (drain.state, drain.waiting_for) == (StepState.WAITING, f"step '{name}' to let go")

    go_on.set()
    worker.join(60)
    carry(running)

    assert_gone(kube, store)
    assert birth.steps.get(name=name).state == StepState.CANCELLED


@pytest.mark.parametrize("kind", ["Namespace", "Secret"])
def test_what_a_worker_makes_that_slept_through_the_removal_is_taken_back(
    kube: Cluster, store: Store, kind: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """It has looked at its lease, and when it comes to send, the store is gone."""
    settings.STOREPLANE_HEARTBEAT_SECONDS = 1000
    birth = operation(store)
    apply = Cluster.apply

    def apply_late(cluster: Cluster, manifest: Manifest, **options: Any) -> Manifest:
        if manifest["kind"] == kind:
            monkeypatch.setattr(Cluster, "apply", apply)
            birth.steps.update(heartbeat_at=silent_before())
            carry(removal(store))
            assert_removed(kube, store)
        return apply(cluster, manifest, **options)

    monkeypatch.setattr(Cluster, "apply", apply_late)

    assert not run_link(birth.pk, "namespace", ACTIONS[birth.kind])

    assert kube.wait_gone(NAMESPACE, store.namespace, timeout=30)
    assert safekeeping.kept(kube, store) is None
    assert_gone(kube, store)


def test_what_is_a_successors_by_now_is_not_taken_back(kube: Cluster, store: Store) -> None:
    birth = operation(store)
    lease = transitions.claim(birth.steps.get(name="namespace"))
    made = kube.apply(namespaces.manifest(store, ""))
    context = Context(store, birth, lease, kube, helm(), timezone.now())
    request_teardown(store)
    successor = StoreFactory(name=store.name, tenant=store.tenant)

    with pytest.raises(LeaseLost):
        withdraw_if_late(context, made)
    assert kube.get(NAMESPACE, store.namespace) == made

    kube.apply(namespaces.manifest(successor, "another request"))
    Store.objects.filter(pk=successor.pk).update(deletion_requested_at=timezone.now())
    with pytest.raises(LeaseLost):
        withdraw_if_late(context, made)
    assert kube.get(NAMESPACE, store.namespace) is not None


def test_a_store_in_the_queue_is_deleted_without_a_look_at_helm(kube: Cluster, store: Store) -> None:
    operation(store, running=False)
    running = removal(store)

    carry(running)

    assert_gone(kube, store)
    states = dict(running.steps.values_list("name", "state"))
    assert {states[name] for name in ("drain", "release", "volumes", "namespace")} == {StepState.SKIPPED}


def test_a_failed_store_is_deleted(kube: Cluster, store: Store) -> None:
    birth = operation(store)
    carry(birth, until=lambda: birth.steps.filter(state__in=FINISHED).count() >= 2)
    transitions.fail(transitions.claim(birth.steps.get(name="db")), "Timeout", "Too slow.")
    transitions.end(birth, OperationState.FAILED)

    carry(removal(store))

    assert_gone(kube, store)


def test_a_successor_that_is_deleted_too_leaves_its_predecessor_alone(kube: Cluster, store: Store) -> None:
    carry(operation(store))
    first = removal(store)
    successor = StoreFactory(name=store.name, tenant=store.tenant)
    operation(successor, running=False)
    second = removal(successor)

    for _ in range(3):
        look(second)

    assert kube.get(NAMESPACE, store.namespace) is not None
    drain = second.steps.get(name="drain")
    assert (drain.state, drain.waiting_for) == (StepState.WAITING, f"the earlier store '{store.name}' to be gone")
    carry(first)
    assert_gone(kube, store)
    carry(second)
    assert_gone(kube, successor)


def test_the_last_step_done_a_second_time_leaves_the_copy_of_a_successors_secret(kube: Cluster, store: Store) -> None:
    safekeeping.keep(kube, store, {"password": "b2xk"})
    running = removal(store)
    *_, last = running.steps.order_by("position")
    context = Context(store, running, transitions.claim(last), kube, helm(), timezone.now())
    teardown.close_record(context)
    assert safekeeping.kept(kube, store) is None

    # The worker dies here, and before another takes the step over, a store of the same name is born.
    successor = StoreFactory(name=store.name, tenant=store.tenant)
    safekeeping.keep(kube, successor, {"password": "bmV3"})
    teardown.close_record(context)

    assert safekeeping.kept(kube, successor) == {"password": "bmV3"}


def test_two_deletions_at_once_are_one(kube: Cluster, store: Store) -> None:
    birth = operation(store)
    carry(birth, until=lambda: birth.steps.filter(state__in=FINISHED).count() >= 2)

    ids = {view.id for view in at_once(6, lambda _: request_teardown(store))}

    assert len(ids) == 1
    carry(Operation.objects.get(pk=ids.pop()))
    assert_gone(kube, store)
    assert store.events.filter(type=EventType.DELETE_START).count() == 1


def test_a_deletion_that_comes_late_finds_the_one_that_is_done_and_leaves_a_successor_alone(
    kube: Cluster, store: Store
) -> None:
    """It has found the store, and gets the lock on its row when the store is gone."""
    late = Store.objects.get(pk=store.pk)
    first = removal(store)
    carry(first)
    successor = StoreFactory(name=store.name, tenant=store.tenant)
    kube.apply(namespaces.manifest(successor, "another request"))

    view = request_teardown(late)
    for running in Operation.objects.filter(state=OperationState.RUNNING):
        carry(running)

    assert kube.get(NAMESPACE, successor.namespace) is not None
    assert (view.id, view.state) == (first.pk, OperationState.SUCCEEDED)


def test_a_stuck_finalizer_is_named_once_and_the_resource_kept_until_it_goes(kube: Cluster, store: Store) -> None:
    birth = operation(store)
    carry(birth, until=lambda: birth.steps.filter(state__in=FINISHED).count() >= 1)
    hold(kube, store, ["example.com/hold"])
    running = removal(store)

    carry(running, until=lambda: store.events.filter(type=EventType.DELETE_BLOCKED).exists())
    for _ in range(3):
        look(running)

    blocked = store.events.get(type=EventType.DELETE_BLOCKED)
    assert "example.com/hold" in blocked.message
    store.refresh_from_db()
    assert store.phase == Phase.DELETING
    stalled = store.conditions.get(type="Stalled")
    assert (stalled.status, stalled.reason) == ("True", "DeletionBlocked")
    assert "example.com/hold" in stalled.message
    resource = kube.get(STORE, store.name)
    assert resource is not None
    assert resource["metadata"]["finalizers"] == ["storeplane.dev/teardown"]

    hold(kube, store, [])
    carry(running)

    assert_gone(kube, store)


def test_others_finalizers_on_the_resource_are_theirs_to_take_away(kube: Cluster, store: Store) -> None:
    """Whoever put one there has something to clear up, too; theirs was taken away with ours."""
    kube.patch_merge(STORE, store.name, None, {"metadata": {"finalizers": [FINALIZER, "example.com/billing"]}})
    running = removal(store)

    carry(running, until=lambda: store.events.filter(type=EventType.DELETE_BLOCKED).exists())

    said = "held by the finalizer(s) example.com/billing"
    assert store.events.get(type=EventType.DELETE_BLOCKED).message.endswith(
        f"the resource {store.name} to be gone: {said}."
    )
    resource = kube.get(STORE, store.name)
    assert resource is not None
    assert resource["metadata"]["finalizers"] == ["example.com/billing"]
    assert writer.write(kube, store.pk)  # what holds it up is shown there, too
    assert said in next(each["message"] for each in shown(kube, store)["conditions"] if each["type"] == "Stalled")

    kube.patch_merge(STORE, store.name, None, {"metadata": {"finalizers": None}})
    carry(running)

    assert_gone(kube, store)


def shown(kube: Cluster, store: Store) -> Manifest:
    resource = kube.get(STORE, store.name)
    assert resource is not None
    return resource["status"]  # type: ignore[no-any-return]


def test_a_volume_claim_that_somebody_holds_is_named(kube: Cluster, store: Store) -> None:
    birth = operation(store)
    carry(birth)
    claim = kube.listing(PERSISTENT_VOLUME_CLAIM, store.namespace).items[0]["metadata"]["name"]
    held = {"metadata": {"finalizers": ["example.com/backup"]}}
    kube.patch_merge(PERSISTENT_VOLUME_CLAIM, claim, store.namespace, held)
    running = removal(store)

    carry(running, until=lambda: store.events.filter(type=EventType.DELETE_BLOCKED).exists())

    assert "example.com/backup" in store.events.get(type=EventType.DELETE_BLOCKED).message
    kube.patch_merge(PERSISTENT_VOLUME_CLAIM, claim, store.namespace, {"metadata": {"finalizers": None}})
    carry(running)
    assert_gone(kube, store)
    assert EventType.DELETE_UNBLOCKED in store.events.values_list("type", flat=True)


def test_a_claim_whose_pod_no_release_removes_goes_with_the_namespace(kube: Cluster, store: Store) -> None:
    carry(operation(store))
    for record in kube.list(SECRET, store.namespace, label_selector="owner=helm"):
        kube.delete(SECRET, record["metadata"]["name"], store.namespace)
    running = removal(store)

    carry(running)

    assert running.steps.get(name="release").state == StepState.SKIPPED
    assert_gone(kube, store)


def test_a_cluster_that_is_away_holds_a_removal_up_and_nothing_is_forgotten(
    kube: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    birth = operation(store)
    carry(birth, until=lambda: birth.steps.filter(state__in=FINISHED).count() >= 2)
    running = removal(store)

    def away(*_: Any, **__: Any) -> Manifest:
        raise Unavailable("The cluster could not be reached (get Namespace).")

    with monkeypatch.context() as broken:
        broken.setattr(Cluster, "get", away)
        for _ in range(6):
            look(running)

    running.refresh_from_db()
    assert running.state == OperationState.RUNNING
    assert running.blocker == "The cluster could not be reached (get Namespace)."
    assert store.events.filter(type=EventType.DELETE_BLOCKED).count() == 1
    carry(running)
    assert_gone(kube, store)
