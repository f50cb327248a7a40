"""Every list takes the same few queries at 10 rows and at 1,000 (that of stores: tests/stores/test_lists.py)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from stores.models import Store, StoreEvent
from tenants.models import ApiToken, AuditEntry, Membership, Role, Tenant, User
from tests.people import member, tenant

pytestmark = pytest.mark.django_db


def tokens(house: Tenant, rows: int) -> None:
    user = User.objects.get()
    ApiToken.objects.bulk_create(
        ApiToken(tenant=house, user=user, name="ci", prefix=f"spt_{number}", digest=str(number))
        for number in range(rows)
    )


def audit(house: Tenant, rows: int) -> None:
    AuditEntry.objects.bulk_create(AuditEntry(actor="ann", action="x", target="y", tenant=house) for _ in range(rows))


def members(house: Tenant, rows: int) -> None:
    users = User.objects.bulk_create(User(username=f"user-{number}") for number in range(rows))
    Membership.objects.bulk_create(Membership(tenant=house, user=user, role=Role.VIEWER) for user in users)


def events(house: Tenant, rows: int) -> None:
    store = Store.objects.create(tenant=house, name="shop")
    StoreEvent.objects.bulk_create(
        StoreEvent(store=store, tenant=house, type="DB_READY", message="m", phase="Ready", timestamp=timezone.now())
        for _ in range(rows)
    )


def tenants(_: Tenant, rows: int) -> None:
    made = Tenant.objects.bulk_create(Tenant(slug=f"tenant-{number}", name="t") for number in range(rows))
    user = User.objects.get()
    Membership.objects.bulk_create(Membership(tenant=each, user=user, role=Role.OWNER) for each in made)


LISTS: dict[str, Callable[[Tenant, int], None]] = {
    "/tokens": tokens,
    "/audit": audit,
    "/tenants/house/members": members,
    "/stores/shop/logs": events,
    "/tenants": tenants,
}
# The session and the user behind it, their roles, what the address names (for a store with its conditions), the page.
QUERIES = {"/tokens": 4, "/audit": 4, "/tenants/house/members": 5, "/stores/shop/logs": 6, "/tenants": 4}


@pytest.mark.parametrize("rows", [10, 1000])
@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_the_same_few_queries_however_many_rows_there_are(path: str, rows: int) -> None:
    house = tenant("house")
    ann = member(house, Role.OWNER, "ann")
    LISTS[path](house, rows)

    with CaptureQueriesContext(connection) as queries:
        answer = ann.get(f"{path}?page_size=200")

    assert answer.status_code == 200
    assert len(answer.json()["results"]) >= min(rows, 200)
    assert len(queries) == QUERIES[path], [query["sql"][:90] for query in queries]
