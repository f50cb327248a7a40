"""What a store's namespace holds besides the store's own Secret: the Secrets with which its pods pull their images."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from provisioner import safekeeping, secrets
from provisioner.cluster import Cluster
from provisioner.cluster.kinds import NAMESPACE, SECRET
from provisioner.operations.models import OperationKind, OperationState, StepState
from provisioner.pipelines.runner import run_link
from provisioner.pipelines.steps import ACTIONS
from stores.models import Store
from tests.provisioner.factories import StoreFactory, operation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

PULL = "kubernetes.io/dockerconfigjson"


@pytest.fixture
def store(kube: Cluster, settings: Any) -> Iterator[Store]:
    """Of a platform that pulls from two registries of its own."""
    settings.STOREPLANE_IMAGE_PULL_SECRETS = ["my-registry", "replicated"]
    made = StoreFactory(volume_size="1Gi")
    yield made
    kube.delete(NAMESPACE, made.namespace)


def keep(kube: Cluster, namespace: str, login: str) -> None:
    """Put the first registry's login into the platform's namespace."""
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    data = {".dockerconfigjson": base64.b64encode(login.encode()).decode()}
    metadata = {"name": "my-registry", "namespace": namespace, "labels": {"storeplane.dev/store": "none"}}
    kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": PULL, "data": data})


def test_a_store_gets_the_pull_secrets_that_the_platform_has_as_they_are_by_now(
    kube: Cluster, store: Store, settings: Any
) -> None:
    for login in ('{"auths": {"first": {}}}', '{"auths": {"second": {}}}'):
        keep(kube, settings.STOREPLANE_NAMESPACE, login)
        begun = operation(store, OperationKind.PROVISION)

        assert run_link(begun.pk, "namespace", ACTIONS[begun.kind])

        begun.delete()
        copy = kube.get(SECRET, "my-registry", store.namespace)
        assert copy is not None
        assert copy["type"] == PULL
        assert base64.b64decode(copy["data"][".dockerconfigjson"]).decode() == login
        assert "labels" not in copy["metadata"]  # drift looks after what has the stores' labels
    assert kube.get(SECRET, "replicated", store.namespace) is None


def test_a_birth_takes_nothing_over_that_another_tenants_store_of_its_name_left(kube: Cluster, store: Store) -> None:
    begun = operation(store, OperationKind.PROVISION)
    assert run_link(begun.pk, "namespace", ACTIONS[begun.kind])
    login = secrets.data(kube, store)
    name = store.name
    Store.objects.filter(pk=store.pk).delete()  # as a database that was lost, or is of an older backup
    successor = StoreFactory(name=name, volume_size="1Gi")
    later = operation(successor, OperationKind.PROVISION)

    assert not run_link(later.pk, "namespace", ACTIONS[later.kind])

    later.refresh_from_db()
    assert (later.state, later.error_reason) == (OperationState.FAILED, "NamespaceTaken")
    assert secrets.data(kube, successor) == login
    kept = safekeeping.kept(kube, successor)
    assert kept == login


def test_a_removal_leaves_what_another_tenants_later_store_of_its_name_has(kube: Cluster, store: Store) -> None:
    begun = operation(store, OperationKind.PROVISION)
    assert run_link(begun.pk, "namespace", ACTIONS[begun.kind])
    Store.objects.filter(pk=store.pk).update(name="other-name")
    earlier = StoreFactory(name=store.name, volume_size="1Gi")  # its record came back with an older backup
    removal = operation(earlier, OperationKind.TEARDOWN)

    for step in ("drain", "release", "volumes", "namespace"):
        run_link(removal.pk, step, ACTIONS[removal.kind])

    assert removal.steps.get(name="namespace").state == StepState.SKIPPED
    found = kube.get(NAMESPACE, store.namespace)
    assert found is not None
    assert "deletionTimestamp" not in found["metadata"]


def test_a_secret_of_the_platform_that_has_the_copys_name_is_neither_written_over_nor_removed(
    kube: Cluster, store: Store, settings: Any
) -> None:
    keep(kube, settings.STOREPLANE_NAMESPACE, "{}")  # makes the namespace
    metadata = {"name": f"store-{store.name}", "namespace": settings.STOREPLANE_NAMESPACE}
    own = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"secret-key": "c2VzYW1l"}}
    kube.apply(own)
    begun = operation(store, OperationKind.PROVISION)

    assert not run_link(begun.pk, "namespace", ACTIONS[begun.kind])
    safekeeping.forget(kube, store, lambda: None)

    begun.refresh_from_db()
    assert begun.state == OperationState.FAILED
    found = kube.get(SECRET, metadata["name"], metadata["namespace"])
    assert found is not None
    assert found["data"] == own["data"]
    kube.delete(SECRET, metadata["name"], metadata["namespace"])
