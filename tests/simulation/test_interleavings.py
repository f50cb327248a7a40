"""The nastiest interleavings, each told once and always in the same way."""

from collections import Counter

import pytest

from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME_CLAIM, SECRET
from provisioner.helm.storage import revisions, status_of
from provisioner.operations.models import Operation, OperationState, Step, StepState
from stores import services
from stores.choices import EventType, Phase
from stores.models import Store
from tenants.models import Tenant
from tests.simulation import invariants, quiet
from tests.simulation.processes import Process
from tests.simulation.world import SWEEP, World

NAMESPACE_NAME = "store-tea-shop"
IN_INSTALL = "helm install has applied half"
IN_UPGRADE = "helm upgrade has applied half"


def wish(request: str = "birth") -> Store:
    tenant, _ = Tenant.objects.get_or_create(slug="ann", defaults={"name": "ann"})
    return services.create_store(tenant, services.StoreSpec(name="tea-shop"), by=None, request_id=request).store


def born(world: World) -> Store:
    store = wish()
    come_to_rest(world)
    store.refresh_from_db()
    assert store.phase == Phase.READY
    return store


def come_to_rest(world: World) -> None:
    quiet.settle(world)
    assert [*invariants.always(world), *invariants.at_rest(world, frozenset())] == []


def run_to(world: World, where: str, host: str = "ash") -> Process:
    """Deliver until a worker stands there. Of one on `oak` nobody else can tell whether it lives."""
    for _ in range(50):
        for message in world.broker.due()[:1]:
            process = world.deliver(message, host)
            while process.carrier is not None:
                if process.at.startswith(where):
                    return process
                process.step()
        world.pass_time(1)
    raise AssertionError(f"nobody came to '{where}'")


def work(world: World, seconds: int) -> None:
    """The others work, and the sweep comes at its time."""
    for second in range(seconds):
        if second % 10 == 0:
            world.broker.messages.append(SWEEP)
        quiet.work_off(world)
        world.pass_time(1)
        assert list(invariants.always(world)) == []


def told(store: Store) -> Counter[str]:
    return Counter(store.events.values_list("type", flat=True))


def statuses(world: World) -> list[str]:
    return [status_of(each) for each in revisions(world.cluster, "store", NAMESPACE_NAME)]  # type: ignore[arg-type]


def test_a_store_deleted_while_helm_installs_it_goes_when_helm_was_stopped(world: World) -> None:
    store = wish()
    worker = run_to(world, IN_INSTALL)

    services.request_teardown(store)
    world.run(world.broker.due()[0], "elm")
    drain = Step.objects.get(operation__kind="teardown", name="drain")
    assert (drain.state, drain.waiting_for) == (StepState.WAITING, "step 'helm' to let go")
    assert statuses(world) == ["pending-install"]

    # The worker's next heartbeat learns of it, and stops the Helm.
    world.pass_time(6)
    assert worker.abandoned
    come_to_rest(world)
    store.refresh_from_db()
    assert store.deleted_at is not None
    assert told(store)[EventType.HELM_READY] == 0
    assert told(store)[EventType.DELETE_COMPLETE] == 1


def test_a_store_deleted_while_its_worker_dies_unseen_goes_after_its_silence(world: World) -> None:
    store = wish()
    worker = run_to(world, IN_INSTALL, "oak")
    services.request_teardown(store)
    world.kill(worker, given_back=False)

    work(world, 15)
    assert Step.objects.get(operation__kind="teardown", name="drain").state == StepState.WAITING
    work(world, 60)

    store.refresh_from_db()
    assert store.deleted_at is not None
    come_to_rest(world)


def test_a_plan_changed_while_helm_upgrades_is_taken_up_when_helm_was_stopped(world: World) -> None:
    store = born(world)
    volume = world.objects.find(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", NAMESPACE_NAME)
    services.change_store(store, {"plan": "medium"}, request_id="first")
    worker = run_to(world, IN_UPGRADE)

    services.change_store(store, {"plan": "large"}, request_id="second")
    for message in world.broker.due():
        world.run(message, "elm")
    helm = Step.objects.get(operation__request_id="first", name="helm")
    assert (helm.state, helm.owner) == (StepState.PENDING, worker.name)
    assert statuses(world) == ["deployed", "pending-upgrade"]

    come_to_rest(world)
    store.refresh_from_db()
    assert (store.phase, store.observed_generation) == (Phase.READY, 3)
    assert world.objects.find(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", NAMESPACE_NAME) == volume
    assert Operation.objects.filter(store=store, kind="reconcile").count() == 1


def test_an_owner_that_thaws_after_its_step_was_taken_over_changes_nothing(world: World) -> None:
    store = wish()
    worker = run_to(world, IN_INSTALL)
    worker.frozen = True

    work(world, 60)
    store.refresh_from_db()
    assert (store.phase, told(store)[EventType.STEP_TAKEN_OVER]) == (Phase.READY, 1)
    before = statuses(world), list(store.events.values_list("id", flat=True))

    world.thaw(worker)
    world.finish(worker)
    assert (statuses(world), list(store.events.values_list("id", flat=True))) == before
    come_to_rest(world)


def test_an_owner_that_thaws_after_its_store_is_gone_brings_nothing_back(world: World) -> None:
    store = wish()
    worker = run_to(world, IN_INSTALL)
    worker.frozen = True
    services.request_teardown(store)
    work(world, 80)
    store.refresh_from_db()
    assert store.deleted_at is not None

    world.thaw(worker)
    world.finish(worker)

    assert [each["metadata"]["name"] for each in world.objects.every(NAMESPACE)] == ["storeplane-system"]
    come_to_rest(world)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_whose_answer_was_lost_counts_once(world: World, when: str) -> None:
    store = wish()
    worker = run_to(world, "after create Secret store-credentials")
    worker.losing = when
    world.finish(worker)

    step = Step.objects.get(operation__request_id="birth", name="namespace")
    assert step.owner == ""
    assert step.state == (StepState.SUCCEEDED if when == "after" else StepState.WAITING)
    come_to_rest(world)
    assert told(store)[EventType.NAMESPACE_READY] == 1


def test_a_worker_that_dies_between_commit_and_message_is_followed_by_the_sweep(world: World) -> None:
    store = wish()
    worker = run_to(world, "after create Secret store-credentials")
    while not worker.at.startswith("before sending run_link"):
        worker.step()
    world.broker.messages.clear()
    world.kill(worker, given_back=False)

    work(world, 60)
    assert Operation.objects.get(store=store).state == OperationState.SUCCEEDED
    come_to_rest(world)


def test_a_removal_that_thaws_when_the_name_has_a_new_store_spares_it(world: World) -> None:
    first = born(world)
    services.request_teardown(first)
    worker = run_to(world, "before list secrets")
    worker.frozen = True
    work(world, 80)
    second = wish("rebirth")
    work(world, 40)
    second.refresh_from_db()
    assert (first.pk != second.pk, second.phase) == (True, Phase.READY)

    world.thaw(worker)
    world.finish(worker)
    assert statuses(world) == ["deployed"]
    come_to_rest(world)


def test_a_removal_frozen_right_before_it_deletes_a_volume_spares_the_next_stores(world: World) -> None:
    first = born(world)
    services.request_teardown(first)
    worker = run_to(world, "before delete PersistentVolumeClaim")
    worker.frozen = True
    work(world, 80)
    wish("rebirth")
    work(world, 40)
    volume = world.objects.find(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", NAMESPACE_NAME)

    # Its last check of the lease was before the freeze: only the claim's uid stands between it and the new volume.
    world.thaw(worker)
    world.finish(worker)
    assert world.objects.find(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", NAMESPACE_NAME) == volume
    come_to_rest(world)


def test_a_birth_that_thaws_when_the_name_has_a_new_store_leaves_the_copy_of_its_secret(world: World) -> None:
    """The copy has the store's name alone, and what it holds is given back to the store's Secret."""
    first = wish()
    worker = run_to(world, "after apply Namespace storeplane-system")
    worker.frozen = True
    services.request_teardown(first)
    work(world, 80)
    wish("rebirth")
    work(world, 40)
    copy = world.objects.find(SECRET, NAMESPACE_NAME, "storeplane-system")
    assert copy is not None

    world.thaw(worker)
    world.finish(worker)
    assert world.objects.find(SECRET, NAMESPACE_NAME, "storeplane-system") == copy
    come_to_rest(world)


def test_a_database_lost_behind_a_sent_message_is_nobodys_error(world: World) -> None:
    wish()
    worker = run_to(world, "after sending run_link")
    worker.cut = True
    world.finish(worker)
    assert world.crashes == []

    worker.cut = False
    come_to_rest(world)
