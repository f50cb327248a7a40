"""Three at a time over all workers, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from provisioner.operations import admission, transitions
from provisioner.operations.models import Operation, OperationState
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.services import StoreSpec, create_store, request_teardown
from stores.status import Activity
from tests.provisioner.factories import StoreFactory, TenantFactory, operation

pytestmark = pytest.mark.django_db(transaction=True)


def admit_and_close(_: int) -> int:
    try:
        return len(admission.admit())
    finally:
        connection.close()


def running() -> int:
    return Operation.objects.filter(state=OperationState.RUNNING).count()


def test_many_admissions_at_once_never_give_more_than_the_slots() -> None:
    for _ in range(10):
        operation(StoreFactory(), running=False)

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(admit_and_close, range(16)))

    assert granted == 3
    assert running() == 3


def test_a_slot_that_is_given_back_goes_to_the_next() -> None:
    tenant = TenantFactory()
    for _ in range(5):
        operation(StoreFactory(tenant=tenant), running=False)
    first = admission.admit()

    transitions.end(Operation.objects.get(pk=first[0]), OperationState.SUCCEEDED)

    assert len(admission.admit()) == 1
    assert running() == 3


def test_a_name_that_is_still_being_torn_down_waits(settings: Any) -> None:
    settings.STOREPLANE_PROVISION_SLOTS = 3
    old = StoreFactory(name="again", deletion_requested_at=timezone.now())
    waiting = operation(StoreFactory(name="again"), running=False)
    assert admission.admit() == []

    old.deleted_at = timezone.now()
    old.save()

    assert admission.admit() == [waiting.pk]


def test_admission_and_removal_at_once_do_not_lock_each_other_out() -> None:
    stores = [StoreFactory() for _ in range(12)]
    for store in stores:
        operation(store, running=False)

    def remove(store: Store) -> int:
        try:
            request_teardown(store)
            return 1
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        removed = [pool.submit(remove, store) for store in stores]
        admitted = [pool.submit(admit_and_close, number) for number in range(12)]
        assert sum(each.result(timeout=60) for each in removed) == 12
        assert all(each.result(timeout=60) >= 0 for each in admitted)

    kinds = Operation.objects.filter(state=OperationState.RUNNING).values_list("kind", flat=True)
    assert list(kinds) == ["teardown"] * 12


def test_creating_stores_of_one_tenant_while_others_work_does_not_deadlock() -> None:
    tenant = TenantFactory(plan="large")
    stores = [StoreFactory(tenant=tenant) for _ in range(6)]

    def tell(store: Store) -> int:
        try:
            for _ in range(10):
                apply_change(store.pk, Activity.NONE, Change(EventType.STORE_DEGRADED, "Told."))
            return 10
        finally:
            connection.close()

    def create(number: int) -> int:
        try:
            return create_store(tenant, StoreSpec(name=f"new-{number}"), by=None).new
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        told = [pool.submit(tell, store) for store in stores]
        created = [pool.submit(create, number) for number in range(20)]

        assert sum(each.result(timeout=120) for each in told) == 60
        assert sum(each.result(timeout=120) for each in created) == 20
