"""What somebody changes in a resource is taken into the record, or refused and put back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from provisioner.cluster import Invalid
from provisioner.cluster.kinds import STORE
from provisioner.mirror import creation, writer
from provisioner.mirror.adoption import adopt
from provisioner.mirror.models import Mirror
from stores.choices import EventType, Phase
from stores.models import Store
from stores.services import add_rule, change_store
from tests.provisioner.factories import StoreFactory, TenantFactory
from tests.provisioner.mirror.conftest import Person, Remembered, condition

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]


@pytest.fixture
def store(api: Remembered) -> Store:
    long_ago = timezone.now() - timedelta(hours=1)
    made = StoreFactory(ready_at=long_ago, phase=Phase.READY, spec_changed_at=long_ago)
    writer.write(api, made.pk)
    api.forget()
    return made


def look(api: Remembered, store: Store) -> Any:
    """A writer looks, as a watcher or a sweep has it do; the resource afterwards."""
    Mirror.objects.update(resource_version="")
    writer.write(api, store.pk)
    store.refresh_from_db()
    return api.get(STORE, store.name)


def test_a_change_of_plan_is_adopted_and_worked_on(api: Remembered, person: Person, store: Store) -> None:
    changed = person.sets(store.name, plan="large")

    resource = look(api, store)

    assert (store.plan, store.generation) == ("large", 2)
    assert store.operations.get().kind == "reconcile"
    assert store.events.get(type=EventType.SPEC_CHANGED).origin == "kubectl"
    assert resource["metadata"]["generation"] == changed["metadata"]["generation"]
    assert resource["status"]["observedGeneration"] == changed["metadata"]["generation"]
    assert condition(resource, "Reconciling")["status"] == "True"
    assert condition(resource, "Accepted")["status"] == "True"


def test_several_fields_are_one_wish(api: Remembered, person: Person, store: Store) -> None:
    person.sets(store.name, displayName="Shop", driftPolicy="off", suspend=True, deletionProtection=True)

    look(api, store)

    assert (store.display_name, store.drift_policy, store.suspended) == ("Shop", "off", True)
    assert store.deletion_protection is True
    assert store.phase == Phase.SUSPENDED


def test_a_wish_that_is_adopted_is_not_overwritten_by_our_own_change(
    api: Remembered, person: Person, store: Store
) -> None:
    person.sets(store.name, displayName="Theirs")
    change_store(store, {"plan": "large"})

    writer.write(api, store.pk)  # without any event: our own change makes the writer look

    resource = api.get(STORE, store.name)
    store.refresh_from_db()
    assert resource is not None
    assert (store.display_name, store.plan) == ("Theirs", "large")
    assert (resource["spec"]["displayName"], resource["spec"]["plan"]) == ("Theirs", "large")


def test_of_two_changes_of_one_field_the_later_stays(api: Remembered, person: Person, store: Store) -> None:
    person.sets(store.name, displayName="Theirs")
    change_store(store, {"display_name": "Ours"})
    Store.objects.update(spec_changed_at=timezone.now() + timedelta(hours=1))

    resource = look(api, store)

    assert (store.display_name, resource["spec"]["displayName"]) == ("Ours", "Ours")


def test_a_refused_change_is_put_back_and_names_its_generation(api: Remembered, person: Person, store: Store) -> None:
    Store.objects.update(deletion_requested_at=timezone.now())
    refused = person.sets(store.name, plan="large")["metadata"]["generation"]

    resource = look(api, store)

    assert (store.plan, resource["spec"]["plan"]) == ("small", "small")
    shown = condition(resource, "Accepted")
    assert (shown["status"], shown["reason"], shown["observedGeneration"]) == ("False", "Conflict", refused)
    assert f"Generation {refused} was refused" in shown["message"]
    assert resource["status"]["observedGeneration"] == resource["metadata"]["generation"] == refused + 1
    event = store.events.get(type=EventType.WISH_REFUSED)
    assert event.origin == "kubectl"
    look(api, store)
    assert store.events.filter(type=EventType.WISH_REFUSED).count() == 1


def test_a_plan_that_only_another_definition_knows_is_refused(api: Remembered, person: Person, store: Store) -> None:
    Mirror.objects.update(resource_version="")
    found = person.sets(store.name, plan="large")
    found["spec"]["plan"] = "huge"

    adopt(store.pk, found)

    store.refresh_from_db()
    assert store.plan == "small"
    verdict = Mirror.objects.get().verdict
    assert (verdict["accepted"], verdict["reason"]) == (False, "Invalid")


def test_a_refusal_is_forgotten_when_a_later_wish_is_granted(api: Remembered, person: Person, store: Store) -> None:
    Store.objects.update(deletion_requested_at=timezone.now())
    person.sets(store.name, plan="large")
    look(api, store)
    Store.objects.update(deletion_requested_at=None)

    person.sets(store.name, plan="medium")
    resource = look(api, store)

    assert store.plan == "medium"
    assert condition(resource, "Accepted")["status"] == "True"


def test_a_deleted_resource_is_a_teardown(api: Remembered, person: Person, store: Store) -> None:
    person.deletes(store.name)

    resource = look(api, store)

    assert store.deletion_requested_at is not None
    assert store.operations.get().kind == "teardown"
    assert store.events.get(type=EventType.DELETE_START).origin == "kubectl"
    assert resource["status"]["phase"] == "Deleting"
    assert resource["metadata"]["finalizers"]


def test_a_protected_store_tells_why_it_stays_and_goes_when_it_may(
    api: Remembered, person: Person, store: Store
) -> None:
    change_store(store, {"deletion_protection": True})
    writer.write(api, store.pk)
    person.deletes(store.name)

    resource = look(api, store)
    assert condition(resource, "Accepted")["reason"] == "DeletionProtected"
    assert store.deletion_requested_at is None
    look(api, store)
    assert store.events.filter(type=EventType.WISH_REFUSED).count() == 1

    change_store(store, {"deletion_protection": False})
    writer.write(api, store.pk)
    store.refresh_from_db()
    assert store.deletion_requested_at is not None


def test_a_store_of_a_tenant_that_resources_may_not_speak_for_is_neither_changed_nor_removed_by_one(
    api: Remembered, person: Person, store: Store, settings: Any
) -> None:
    settings.STOREPLANE_RESOURCE_TENANTS = ["another"]
    person.sets(store.name, plan="large")
    resource = look(api, store)
    assert (store.plan, resource["spec"]["plan"]) == ("small", "small")
    assert condition(resource, "Accepted")["reason"] == "TenantNotAllowed"

    person.deletes(store.name)
    resource = look(api, store)
    look(api, store)

    assert store.deletion_requested_at is None
    assert condition(resource, "Accepted")["reason"] == "TenantNotAllowed"
    assert store.events.filter(type=EventType.WISH_REFUSED).count() == 1


def test_protection_can_be_switched_off_in_the_resource_that_waits(
    api: Remembered, person: Person, store: Store
) -> None:
    change_store(store, {"deletion_protection": True})
    Store.objects.update(spec_changed_at=timezone.now() - timedelta(hours=1))
    writer.write(api, store.pk)
    person.deletes(store.name)
    look(api, store)

    person.sets(store.name, deletionProtection=False)
    look(api, store)

    assert store.deletion_requested_at is not None


def test_a_resource_applied_over_a_store_of_the_api_changes_it(api: Remembered, person: Person, store: Store) -> None:
    change_store(store, {"drift_policy": "off"})
    Store.objects.update(spec_changed_at=timezone.now() - timedelta(hours=1))
    person.deletes_by_force(store.name)
    made = person.makes(store.name, tenant=store.tenant.slug, plan="large")

    resource = look(api, store)

    assert (store.plan, store.drift_policy) == ("large", "off")
    assert resource["metadata"]["uid"] == made["metadata"]["uid"]
    assert (resource["spec"]["plan"], resource["spec"]["driftPolicy"]) == ("large", "off")


def test_a_resource_taken_back_before_it_was_taken_hold_of_is_a_deletion(
    api: Remembered, person: Person, store: Store
) -> None:
    person.deletes_by_force(store.name)
    Mirror.objects.update(uid="", wish_uid="the-resource-that-is-gone", spec=None)

    resource = look(api, store)

    assert store.deletion_requested_at is not None
    assert resource is None


RULE = {"kind": "Deployment", "jsonPointer": "/spec/replicas", "manager": "hpa"}
OTHER = {"name": "theme-*"}


def test_a_list_of_ignored_differences_is_a_wish_as_a_whole(api: Remembered, person: Person, store: Store) -> None:
    add_rule(store, {"kind": "Secret"}, by=None)
    writer.write(api, store.pk)
    assert api.get(STORE, store.name)["spec"]["ignoreDifferences"] == [{"kind": "Secret"}]  # type: ignore[index]
    Store.objects.update(spec_changed_at=timezone.now() - timedelta(hours=1))

    person.sets(store.name, ignoreDifferences=[RULE, OTHER])
    resource = look(api, store)

    assert [str(rule) for rule in store.drift_rules.all()] == ["Deployment /spec/replicas by hpa", "theme-*"]
    assert resource["spec"]["ignoreDifferences"] == [RULE, OTHER]
    assert store.events.latest("id").origin == "kubectl"
    assert condition(resource, "Accepted")["status"] == "True"


def test_another_order_is_kept_so_that_nobody_fights_over_it(api: Remembered, person: Person, store: Store) -> None:
    person.sets(store.name, ignoreDifferences=[RULE, OTHER])
    look(api, store)

    person.sets(store.name, ignoreDifferences=[OTHER, RULE])
    resource = look(api, store)

    assert resource["spec"]["ignoreDifferences"] == [OTHER, RULE]


def test_of_two_lists_the_later_stays(api: Remembered, person: Person, store: Store) -> None:
    person.sets(store.name, ignoreDifferences=[RULE])
    add_rule(store, {"kind": "Secret"}, by=None)
    Store.objects.update(spec_changed_at=timezone.now() + timedelta(hours=1))

    resource = look(api, store)

    assert resource["spec"]["ignoreDifferences"] == [{"kind": "Secret"}]


@pytest.mark.parametrize("rule", [{}, {"kind": ""}, {"kind": "deployment"}, {"jsonPointer": "spec"}, {"name": "a[b"}])
def test_the_api_server_refuses_a_rule_that_says_nothing_sane(
    api: Remembered, person: Person, store: Store, rule: dict[str, str]
) -> None:
    with pytest.raises(Invalid, match="ignoreDifferences"):
        person.sets(store.name, ignoreDifferences=[rule])

    assert not store.drift_rules.exists()


def test_a_new_store_has_the_rules_that_its_resource_asks_for(api: Remembered, person: Person, settings: Any) -> None:
    settings.STOREPLANE_RESOURCE_TENANTS = ["*"]
    tenant = TenantFactory()

    creation.take_new(api, person.makes("with-rules", tenant=tenant.slug, ignoreDifferences=[RULE]))

    made = Store.objects.get(name="with-rules")
    assert [str(rule) for rule in made.drift_rules.all()] == ["Deployment /spec/replicas by hpa"]
