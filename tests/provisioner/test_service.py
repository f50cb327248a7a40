"""What the records' side asks of the provisioner, against a cluster."""

from collections.abc import Iterator

import pytest

from provisioner import cluster as gateways
from provisioner import namespaces, secrets
from provisioner.cluster import Cluster
from provisioner.cluster.kinds import NAMESPACE
from provisioner.service import ClusterProvisioner
from stores.models import Store
from stores.provisioning import CredentialsNotReady
from tests.people import as_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

WISH = {"name": "tea-shop", "engine": "medusa"}


@pytest.fixture
def store(kube: Cluster) -> Iterator[Store]:
    """One of Ann's, with its login in the cluster."""
    gateways.cluster.cache_clear()
    assert as_user("ann").post("/stores", WISH).status_code == 201
    made = Store.objects.get(name="tea-shop")
    kube.apply(namespaces.manifest(made, ""))
    kube.apply(secrets.manifest(made, ""))
    yield made
    kube.delete(NAMESPACE, made.namespace)


@pytest.mark.parametrize("engine", ["medusa", "woocommerce"])
def test_who_asks_for_a_name_that_is_being_let_go_does_not_read_the_earlier_login(store: Store, engine: str) -> None:
    assert as_user("ann").get("/stores/tea-shop/credentials").status_code == 200
    as_user("ann").delete("/stores/tea-shop")
    assert as_user("ben").post("/stores", {**WISH, "engine": engine}).status_code == 201

    refused = as_user("ben").get("/stores/tea-shop/credentials")

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:storeplane:problem:credentials-not-ready"


def test_what_a_store_left_whose_record_was_lost_is_not_told_to_who_asks_for_its_name(store: Store) -> None:
    Store.objects.all().delete()
    assert as_user("ben").post("/stores", WISH).status_code == 201

    refused = as_user("ben").get("/stores/tea-shop/credentials")

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:storeplane:problem:credentials-not-ready"


def test_a_secret_that_lost_a_key_says_which(kube: Cluster, store: Store) -> None:
    manifest = secrets.manifest(store, "")
    del manifest["data"]["ADMIN_PASSWORD"]
    kube.apply(manifest)

    with pytest.raises(CredentialsNotReady, match="has lost ADMIN_PASSWORD"):
        ClusterProvisioner().credentials(store)
