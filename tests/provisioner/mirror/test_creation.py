"""`kubectl apply -f store.yaml` makes a store, or tells why not."""

from typing import Any

import pytest

from provisioner.cluster import Manifest
from provisioner.cluster.kinds import EVENT, STORE
from provisioner.mirror import creation, writer
from provisioner.mirror.models import Mirror
from provisioner.mirror.schema import FINALIZER
from stores.choices import EventType, Phase
from stores.models import Store
from tenants.models import Tenant
from tests.provisioner.factories import StoreFactory, TenantFactory
from tests.provisioner.mirror.conftest import Person, Remembered, condition, store_resource

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]


@pytest.fixture
def tenant() -> Tenant:
    return TenantFactory(slug="acme", plan="medium")


def accepted(api: Remembered, name: str) -> Manifest:
    """The condition that tells whether the resource was accepted."""
    return condition(api.get(STORE, name), "Accepted")


def test_a_resource_makes_a_store_by_the_same_service_as_the_api(
    api: Remembered, person: Person, tenant: Tenant
) -> None:
    made = person.makes("shop", tenant="acme", displayName="Shop", driftPolicy="warn")

    assert creation.take_new(api, made) is True

    store = Store.objects.get(name="shop")
    assert (store.tenant, store.plan, store.display_name, store.drift_policy) == (tenant, "medium", "Shop", "warn")
    assert (store.phase, store.created_by) == (Phase.PENDING, None)
    assert store.operations.get().kind == "provision"
    event = store.events.get(type=EventType.STORE_REQUESTED)
    assert event.origin == "kubectl"


def test_an_accepted_resource_gets_finalizer_labels_and_defaults(
    api: Remembered, person: Person, tenant: Tenant, settings: Any
) -> None:
    settings.STOREPLANE_RESOURCE_DEFAULT_TENANT = "acme"
    made = person.makes("shop")
    creation.take_new(api, made)

    writer.write(api, Store.objects.get().pk)

    resource = api.get(STORE, "shop")
    assert resource is not None
    assert resource["metadata"]["uid"] == made["metadata"]["uid"]
    assert resource["metadata"]["finalizers"] == [FINALIZER]
    assert resource["metadata"]["labels"]["storeplane.dev/store"] == "shop"
    assert (resource["spec"]["tenant"], resource["spec"]["plan"]) == ("acme", "medium")
    assert condition(resource, "Accepted")["status"] == "True"
    assert resource["status"]["observedGeneration"] == resource["metadata"]["generation"]


def test_a_newborn_is_suspended_and_protected_at_once(api: Remembered, person: Person, tenant: Tenant) -> None:
    creation.take_new(api, person.makes("shop", tenant="acme", suspend=True, deletionProtection=True))

    store = Store.objects.get()
    assert (store.phase, store.suspended, store.deletion_protection) == (Phase.SUSPENDED, True, True)
    assert store.operations.get().state == "cancelled"


def test_two_that_see_the_same_resource_make_one_store(api: Remembered, person: Person, tenant: Tenant) -> None:
    made = person.makes("shop", tenant="acme")

    assert [creation.take_new(api, made) for _ in range(2)] == [True, False]
    assert Store.objects.count() == 1
    assert accepted(api, "shop") == {}


def test_a_watch_that_tells_of_the_past_makes_no_store(api: Remembered, person: Person, tenant: Tenant) -> None:
    made = person.makes("shop", tenant="acme")
    person.deletes("shop")

    assert creation.take_new(api, made) is False
    assert not Store.objects.exists()


def test_the_resource_of_a_store_that_is_gone_is_no_wish(api: Remembered, person: Person, tenant: Tenant) -> None:
    made = person.makes("shop", tenant="acme")
    Mirror.objects.create(store=StoreFactory(name="shop", **GONE), wish_uid=made["metadata"]["uid"])

    assert creation.take_new(api, made) is False


def test_a_resource_that_we_wrote_for_a_store_nobody_knows_is_left_alone(api: Remembered) -> None:
    orphan = api.apply(store_resource("shop", {"engine": "medusa"}))
    api.forget()

    assert creation.take_new(api, orphan) is False
    assert api.asked == []
    assert api.get(STORE, "shop") is not None


@pytest.fixture
def refusing(settings: Any, tenant: Tenant) -> None:
    """A tenant whose quota is used up, and one that resources may not use."""
    settings.STOREPLANE_RESOURCE_TENANTS = ["acme", "full", "nobody"]
    StoreFactory.create_batch(10, tenant=TenantFactory(slug="full"))


@pytest.mark.usefixtures("refusing")
@pytest.mark.parametrize(
    ("spec", "reason", "word"),
    [
        ({}, "TenantUnknown", "spec.tenant"),
        ({"tenant": "nobody"}, "TenantUnknown", "nobody"),
        ({"tenant": "closed"}, "TenantNotAllowed", "closed"),
        ({"tenant": "full"}, "QuotaExceeded", "10 of the 10"),
        ({"tenant": "acme", "engine": "woocommerce", "suspend": True}, "Conflict", "coming soon"),
    ],
)
def test_a_refusal_is_a_condition_and_an_event(
    api: Remembered, person: Person, spec: Any, reason: str, word: str
) -> None:
    made = person.makes("shop", **spec)

    assert creation.take_new(api, made) is False

    resource = api.get(STORE, "shop")
    assert resource is not None
    shown = condition(resource, "Accepted")
    assert (shown["status"], shown["reason"]) == ("False", reason)
    assert word in shown["message"]
    assert shown["observedGeneration"] == resource["status"]["observedGeneration"] == 1
    assert resource["status"]["message"] == shown["message"]
    assert not Store.objects.filter(name="shop").exists()
    assert [(each["type"], each["reason"]) for each in events_of(api, resource)] == [("Warning", reason)]


def test_a_reserved_name_is_refused_for_good(api: Remembered, person: Person, tenant: Tenant) -> None:
    creation.take_new(api, person.makes("admin", tenant="acme"))
    assert accepted(api, "admin")["reason"] == "Invalid"
    seen = api.get(STORE, "admin")
    assert seen is not None
    api.forget()

    creation.take_new(api, seen, again=True)

    assert api.asked == []


def test_what_was_refused_is_not_written_again_and_granted_when_it_can_be(
    api: Remembered, person: Person, tenant: Tenant
) -> None:
    creation.take_new(api, person.makes("shop", tenant="later"))
    refused = api.get(STORE, "shop")
    assert refused is not None
    api.forget()

    assert creation.take_new(api, refused) is False
    assert api.asked == []
    assert creation.take_new(api, refused, again=True) is False
    assert api.writes == []
    TenantFactory(slug="later")
    assert creation.take_new(api, refused, again=True) is True

    writer.write(api, Store.objects.get().pk)
    resource = api.get(STORE, "shop")
    assert condition(resource, "Accepted")["status"] == "True"
    assert condition(resource, "Stalled")["status"] == "False"


def test_a_refused_resource_that_was_changed_is_looked_at_again(
    api: Remembered, person: Person, tenant: Tenant
) -> None:
    creation.take_new(api, person.makes("shop"))

    assert creation.take_new(api, person.sets("shop", tenant="acme")) is True


def test_a_refused_copy_of_another_resource_can_be_deleted(api: Remembered, person: Person) -> None:
    person.makes("copy", metadata={"finalizers": [FINALIZER, "example.com/other"]})
    person.deletes("copy")
    seen = api.get(STORE, "copy")
    assert seen is not None

    creation.take_new(api, seen)

    left = api.get(STORE, "copy")
    assert left is not None
    assert left["metadata"]["finalizers"] == ["example.com/other"]


def test_woocommerce_is_accepted_and_coming_soon(api: Remembered, person: Person, tenant: Tenant) -> None:
    creation.take_new(api, person.makes("woo", tenant="acme", engine="woocommerce"))
    store = Store.objects.get()
    writer.write(api, store.pk)

    resource = api.get(STORE, "woo")
    assert resource is not None
    assert resource["status"]["phase"] == "ComingSoon"
    assert "coming soon" in resource["status"]["message"]
    assert condition(resource, "Accepted")["status"] == "True"
    assert (resource["status"]["url"], store.operations.count()) == ("", 0)


GONE = {"deletion_requested_at": "2026-01-02T12:00:00Z", "deleted_at": "2026-01-02T12:00:09Z"}


def events_of(api: Remembered, resource: Manifest) -> list[Manifest]:
    """Events of Kubernetes on a resource, oldest first."""
    uid = resource["metadata"]["uid"]
    found = [each for each in api.list(EVENT, "default") if each["involvedObject"]["uid"] == uid]
    return sorted(found, key=lambda each: each["metadata"]["creationTimestamp"])
