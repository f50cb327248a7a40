"""The database is lost: the records come back from the resources, and no shop is touched or made anew."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from provisioner.cluster import Manifest
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME_CLAIM, SECRET, STORE
from provisioner.mirror import writer
from provisioner.mirror.models import Mirror
from provisioner.operations import transitions
from provisioner.operations.models import FINISHED, Operation, OperationKind, OperationState
from provisioner.pipelines.runner import run_link
from provisioner.pipelines.steps import ACTIONS
from stores.choices import Phase
from stores.models import Store
from stores.services import replace_rules, suspend
from tenants.models import AuditEntry, Tenant
from tests.provisioner.factories import StoreFactory, TenantFactory, operation
from tests.provisioner.mirror.conftest import Person, Remembered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def carry(running: Operation) -> None:
    """Every link of the operation, as often as it takes."""
    for _ in range(200):
        running.refresh_from_db()
        step = running.steps.exclude(state__in=FINISHED).first()
        if running.state != OperationState.RUNNING or step is None:
            return
        transitions.hurry(running)
        run_link(running.pk, step.name, ACTIONS[running.kind])
    pytest.fail(f"{running} doesn't end")


def born(api: Remembered, name: str, **fields: Any) -> Store:
    """A store with all that it has in the cluster, and its resource."""
    tenant = Tenant.objects.filter(slug="tea").first() or TenantFactory(slug="tea")
    store: Store = StoreFactory(name=name, tenant=tenant, volume_size="2Gi", **fields)
    carry(operation(store))
    store.refresh_from_db()
    assert store.phase == Phase.READY, store.message
    writer.write(api, store.pk)
    return store


def lose_the_database() -> None:
    Store.objects.all().delete()
    Tenant.objects.all().delete()


def rebuilt(*words: str) -> list[str]:
    out = StringIO()
    call_command("rebuild_stores", *words, stdout=out)
    return out.getvalue().splitlines()


def identity(api: Remembered, name: str) -> dict[str, Any]:
    """What must be the same afterwards: the objects that hold data, by uid, and every secret value."""
    space = f"store-{name}"

    def uid(found: Manifest | None) -> str:
        assert found is not None
        return str(found["metadata"]["uid"])

    secret = api.get(SECRET, "store-credentials", space)
    assert secret is not None
    return {
        "namespace": uid(api.get(NAMESPACE, space)),
        "claim": uid(api.get(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", space)),
        "secret": (uid(secret), secret["data"]),
        "resource": uid(api.get(STORE, name)),
        "releases": sorted(each["metadata"]["name"] for each in api.list(SECRET, space, label_selector="owner=helm")),
    }


def test_a_store_comes_back_with_all_that_was_asked_for_and_nothing_of_it_is_made_anew(api: Remembered) -> None:
    store = born(
        api, "rebuilt-a", display_name="Tea & Co", plan="medium", drift_policy="warn", deletion_protection=True
    )
    replace_rules(store, [{"kind": "Deployment", "name": "backend", "pointer": "/spec/replicas", "manager": ""}])
    writer.write(api, store.pk)
    before = identity(api, "rebuilt-a")
    lose_the_database()

    assert rebuilt() == [
        "rebuilt-a (tea): rebuilt",
        "1 of 1 stores were rebuilt.",
        "Nobody is a member of tea: add somebody in the admin.",
    ]

    again = Store.objects.get(name="rebuilt-a")
    told = (again.display_name, again.plan, again.drift_policy, again.deletion_protection, again.volume_size)
    assert told == ("Tea & Co", "medium", "warn", True, "2Gi")
    assert [rule.pointer for rule in again.drift_rules.all()] == ["/spec/replicas"]
    running = again.operations.get()
    assert running.kind == OperationKind.RECONCILE
    transitions.start(running)
    carry(running)
    again.refresh_from_db()
    assert again.phase == Phase.READY, again.message
    writer.write(api, again.pk)
    assert identity(api, "rebuilt-a") == before
    assert AuditEntry.objects.get(action="store.rebuild").target == "rebuilt-a"


def test_it_is_done_once_however_often_it_is_asked_for(api: Remembered) -> None:
    born(api, "rebuilt-b")
    lose_the_database()
    assert rebuilt("--dry-run")[:2] == ["rebuilt-b (tea): rebuilt", "1 of 1 stores would be rebuilt."]
    assert not Store.objects.exists()

    rebuilt()
    assert rebuilt()[:2] == ["rebuilt-b (tea): has a record", "0 of 1 stores were rebuilt."]

    assert Store.objects.count() == 1
    assert Operation.objects.count() == 1


def test_a_store_whose_data_are_gone_fails_and_is_not_made_anew(api: Remembered) -> None:
    born(api, "rebuilt-c")
    lose_the_database()
    api.delete(NAMESPACE, "store-rebuilt-c")
    assert api.wait_gone(NAMESPACE, "store-rebuilt-c", timeout=60)

    rebuilt()
    running = Operation.objects.get()
    transitions.start(running)
    carry(running)

    again = Store.objects.get()
    assert again.phase == Phase.FAILED
    assert "the store's data with it" in again.message
    assert api.get(NAMESPACE, "store-rebuilt-c") is None


def test_a_suspended_store_stays_so(api: Remembered) -> None:
    store = suspend(born(api, "rebuilt-d"))
    writer.write(api, store.pk)
    lose_the_database()

    rebuilt()

    again = Store.objects.get()
    assert (again.suspended, again.phase) == (True, Phase.SUSPENDED)
    assert not again.operations.exists()


def test_a_wish_and_what_was_removed_are_left_alone(api: Remembered, person: Person) -> None:
    person.makes("rebuilt-wish", tenant="tea")
    store = born(api, "rebuilt-e")
    Store.objects.filter(pk=store.pk).update(deleted_at=store.created_at, deletion_requested_at=store.created_at)
    assert Mirror.objects.get().uid

    assert sorted(rebuilt())[:3] == [
        "0 of 2 stores were rebuilt.",
        "Nobody is a member of tea: add somebody in the admin.",
        "rebuilt-e (tea): is of a store that was removed",
    ]
    assert Store.objects.count() == 1


def test_a_resource_that_asks_for_what_there_is_no_more_is_told_and_the_others_come_back(
    api: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    born(api, "rebuilt-f", plan="large")
    born(api, "rebuilt-g")
    lose_the_database()
    monkeypatch.setattr("provisioner.mirror.wishes.PLANS", {"small": None, "medium": None})

    out = StringIO()
    with pytest.raises(CommandError, match=r"1 resource\(s\) couldn't be taken"):
        call_command("rebuild_stores", stdout=out)

    assert "rebuilt-f (tea): can't be taken: There is no plan 'large'" in out.getvalue()
    assert [store.name for store in Store.objects.all()] == ["rebuilt-g"]
