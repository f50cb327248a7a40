"""The Helm step against Helm's own code and a real API, from every state that a release can be found in.

What must hold each time: the release ends deployed, its objects are the same ones, the database's volume is the same
one, and nothing was ever uninstalled.
"""

from collections.abc import Iterator

import pytest

from provisioner import labels, safekeeping
from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import DEPLOYMENT, NAMESPACE, PERSISTENT_VOLUME_CLAIM, SECRET, SERVICE, STATEFUL_SET
from provisioner.helm.storage import decode, encode, revisions
from provisioner.operations import transitions
from provisioner.operations.models import Operation, OperationKind, OperationState
from provisioner.pipelines.runner import run_link
from provisioner.pipelines.steps import ACTIONS
from stores.choices import EventType
from stores.models import Store
from tests.provisioner.factories import StoreFactory, operation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

VOLUME = "data-postgres-0"
KEPT = ((STATEFUL_SET, "postgres"), (DEPLOYMENT, "backend"), (PERSISTENT_VOLUME_CLAIM, VOLUME))


@pytest.fixture
def running(kube: Cluster) -> Iterator[Operation]:
    """A birth whose namespace is there."""
    begun = operation(StoreFactory(volume_size="1Gi"))
    assert run_link(begun.pk, "namespace", ACTIONS[begun.kind])
    yield begun
    kube.delete(NAMESPACE, begun.store.namespace)


def helm_step(begun: Operation) -> bool:
    return run_link(begun.pk, "helm", ACTIONS[begun.kind])


def again(store: Store, kind: OperationKind = OperationKind.PROVISION) -> Operation:
    """Another operation of the same store, which has come to its Helm step."""
    for other in store.operations.filter(state=OperationState.RUNNING):
        transitions.cancel(other)
    begun = operation(store, kind)
    assert run_link(begun.pk, "namespace", ACTIONS[kind])
    return begun


def statuses(kube: Cluster, store: Store) -> list[str]:
    found = revisions(kube, labels.RELEASE, store.namespace)
    return [secret["metadata"]["labels"]["status"] for secret in found]


def leave(kube: Cluster, store: Store, status: str) -> None:
    """Leave the newest revision as a Helm that was killed, or did half its work, leaves it."""
    secret = revisions(kube, labels.RELEASE, store.namespace)[-1]
    record = decode(secret)
    record["info"]["status"] = status
    secret["metadata"]["labels"]["status"] = status
    secret["data"]["release"] = encode(record)
    kube.replace(secret)


def uids(kube: Cluster, store: Store) -> dict[str, str]:
    """Of the objects that a repair must never make anew; waits for the volume, which a controller makes."""

    def there(found: Manifest | None) -> bool:
        return found is not None

    seen = {name: kube.wait_for(kind, name, store.namespace, there, timeout=30) for kind, name in KEPT}
    return {name: found["metadata"]["uid"] for name, found in seen.items() if found is not None}


def test_an_absent_release_is_installed_and_a_second_look_changes_nothing(kube: Cluster, running: Operation) -> None:
    assert helm_step(running)
    before = uids(kube, running.store)

    assert helm_step(again(running.store))

    assert statuses(kube, running.store) == ["deployed"]
    assert uids(kube, running.store) == before


@pytest.mark.parametrize(
    "status",
    ["failed", "superseded", "pending-install", "pending-upgrade", "pending-rollback", "uninstalling", "uninstalled"],
)
def test_a_release_in_any_state_is_brought_back_over_what_is_there(
    kube: Cluster, running: Operation, status: str
) -> None:
    assert helm_step(running)
    before = uids(kube, running.store)
    leave(kube, running.store, status)

    assert helm_step(again(running.store))

    assert statuses(kube, running.store) == ["superseded", "deployed"]
    assert uids(kube, running.store) == before
    assert EventType.HELM_RECOVER in running.store.events.values_list("type", flat=True)


@pytest.mark.parametrize("status", ["failed", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_an_upgrade_that_was_cut_off_keeps_the_volume(kube: Cluster, running: Operation, status: str) -> None:
    store = running.store
    assert helm_step(running)
    before = uids(kube, store)
    Store.objects.filter(pk=store.pk).update(plan="medium")
    assert helm_step(again(store))
    leave(kube, store, status)

    assert helm_step(again(store))

    assert statuses(kube, store) == ["superseded", "superseded", "deployed"]
    assert uids(kube, store) == before


def test_a_changed_plan_is_one_upgrade_and_the_volume_keeps_its_size(kube: Cluster, running: Operation) -> None:
    store = running.store
    assert helm_step(running)
    Store.objects.filter(pk=store.pk).update(plan="large")

    assert helm_step(again(store, OperationKind.RECONCILE))

    assert statuses(kube, store) == ["superseded", "deployed"]
    claim = kube.get(PERSISTENT_VOLUME_CLAIM, VOLUME, store.namespace)
    assert claim is not None
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"


def test_a_reconciliation_puts_back_what_was_deleted_or_changed_and_nothing_else(
    kube: Cluster, running: Operation
) -> None:
    store = running.store
    assert helm_step(running)
    before = uids(kube, store)
    kube.delete(DEPLOYMENT, "backend", store.namespace)
    assert kube.wait_gone(DEPLOYMENT, "backend", store.namespace, timeout=30)
    kube.patch_merge(STATEFUL_SET, "postgres", store.namespace, {"spec": {"replicas": 0}})

    assert helm_step(again(store, OperationKind.RECONCILE))

    assert statuses(kube, store) == ["deployed"]
    database = kube.get(STATEFUL_SET, "postgres", store.namespace)
    assert database is not None
    assert database["spec"]["replicas"] == 1
    after = uids(kube, store)
    assert {name for name in after if after[name] != before[name]} == {"backend"}


def test_a_reconciliation_puts_back_a_port_whose_number_was_changed_with_and_without_the_release(
    kube: Cluster, running: Operation
) -> None:
    store = running.store
    assert helm_step(running)
    for lost in (False, True):
        service = kube.get(SERVICE, "backend", store.namespace)
        assert service is not None
        ports = service["spec"]["ports"]
        kube.replace({**service, "spec": {**service["spec"], "ports": [{**ports[0], "port": 9001}]}})
        for record in revisions(kube, labels.RELEASE, store.namespace) if lost else ():
            kube.delete(SECRET, record["metadata"]["name"], store.namespace)

        assert helm_step(again(store, OperationKind.RECONCILE))

        service = kube.get(SERVICE, "backend", store.namespace)
        assert service is not None
        assert service["spec"]["ports"] == ports


def test_a_reconciliation_of_what_is_as_it_should_be_writes_nothing(kube: Cluster, running: Operation) -> None:
    store = running.store
    assert helm_step(running)
    before = uids(kube, store)
    seen = {name: kube.get(kind, name, store.namespace) for kind, name in KEPT[:2]}
    versions = {name: found["metadata"]["generation"] for name, found in seen.items() if found is not None}

    assert helm_step(again(store, OperationKind.RECONCILE))

    now = {name: kube.get(kind, name, store.namespace) for kind, name in KEPT[:2]}
    assert {name: found["metadata"]["generation"] for name, found in now.items() if found is not None} == versions
    assert uids(kube, store) == before
    assert statuses(kube, store) == ["deployed"]


def test_a_born_store_whose_namespace_is_gone_says_that_its_data_are(kube: Cluster, running: Operation) -> None:
    store = running.store
    kube.delete(NAMESPACE, store.namespace)
    assert kube.wait_gone(NAMESPACE, store.namespace, timeout=60)
    transitions.cancel(running)

    lost = operation(store, OperationKind.RECONCILE)
    assert not run_link(lost.pk, "namespace", ACTIONS[lost.kind])

    lost.refresh_from_db()
    assert (lost.state, lost.error_reason) == (OperationState.FAILED, "DataLost")
    assert kube.get(NAMESPACE, store.namespace) is None


def test_a_born_store_whose_secret_and_its_copy_are_gone_gets_no_new_one(kube: Cluster, running: Operation) -> None:
    store = running.store
    assert helm_step(running)
    kube.delete(SECRET, labels.SECRET_NAME, store.namespace)
    safekeeping.forget(kube, store, lambda: None)
    transitions.cancel(running)

    lost = operation(store, OperationKind.RECONCILE)
    assert not run_link(lost.pk, "namespace", ACTIONS[lost.kind])

    lost.refresh_from_db()
    assert (lost.state, lost.error_reason) == (OperationState.FAILED, "SecretLost")
    assert kube.get(SECRET, labels.SECRET_NAME, store.namespace) is None


def test_what_is_made_says_which_request_asked_for_it(kube: Cluster) -> None:
    begun = operation(StoreFactory(volume_size="1Gi"))
    Operation.objects.filter(pk=begun.pk).update(request_id="r-7")
    namespace = begun.store.namespace
    assert run_link(begun.pk, "namespace", ACTIONS[begun.kind])

    assert helm_step(begun)

    for kind, name, inside in ((NAMESPACE, namespace, None), (SECRET, labels.SECRET_NAME, namespace)):
        made = kube.get(kind, name, inside)
        assert made is not None
        assert made["metadata"]["annotations"][labels.REQUEST_ID] == "r-7"
    (release,) = revisions(kube, labels.RELEASE, namespace)
    assert decode(release)["info"]["description"] == "Request r-7."
    kube.delete(NAMESPACE, namespace)
