"""What a store's namespace holds besides the store's own Secret: the Secrets with which its pods pull their images."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import NAMESPACE, SECRET
from provisioner.operations.models import OperationKind
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
