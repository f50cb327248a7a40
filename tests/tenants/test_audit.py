"""The audit: it only grows, whoever tries, and can be searched."""

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.models import AuditEntry, Tenant
from tests.people import WISH, as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> AuditEntry:
    as_user("ann").post("/stores", {**WISH, "engine": "woocommerce"})
    return AuditEntry.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_auditentry SET actor = 'nobody'",
        "UPDATE tenants_auditentry SET tenant_id = NULL, actor = 'nobody'",
        "DELETE FROM tenants_auditentry",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_a_line(entry: AuditEntry, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AuditEntry.objects.get() == entry


def test_a_tenant_that_is_deleted_leaves_its_lines(entry: AuditEntry) -> None:
    lonely = Tenant.objects.create(slug="lonely")
    AuditEntry.objects.create(actor="root", action="tenant.change", target="lonely", tenant=lonely)

    lonely.delete()

    assert AuditEntry.objects.get(target="lonely").tenant is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=store.create", 1),
        ("action=store.", 1),
        ("action=store", 0),
        ("actor=ann@header&target=tea-shop&tenant=ann", 1),
        ("request_id=r-7", 1),
        ("request_id=r-8", 0),
        ("since=2020-01-01T00:00:00Z", 1),
        ("until=2020-01-01T00:00:00Z", 0),
    ],
)
def test_it_can_be_searched(query: str, found: int) -> None:
    as_user("ann").post("/stores", WISH, headers={"X-Request-Id": "r-7"})

    assert len(as_user("ann").get(f"/audit?{query}").json()["results"]) == found


def test_a_moment_that_is_none_is_a_400() -> None:
    refused = as_user("ann").get("/audit?since=yesterday")

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "since"
