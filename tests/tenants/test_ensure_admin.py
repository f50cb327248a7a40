"""`manage.py ensure_admin`."""

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from tenants.models import Membership, User
from tests.people import WISH, as_user

pytestmark = pytest.mark.django_db


def test_the_admin_can_log_in_and_has_a_tenant_to_make_stores_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREPLANE_ADMIN_PASSWORD", "first-password")

    call_command("ensure_admin")

    as_user("ann").get("/me")  # a superuser sees this tenant as well, and still need not choose
    client = APIClient()
    assert client.login(username="admin", password="first-password")
    assert client.get("/admin/").status_code == 200
    assert client.post("/stores", WISH, format="json").json()["tenant"] == "admin"


def test_a_second_run_changes_the_password_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for password in ("first-password", "second-password"):
        monkeypatch.setenv("STOREPLANE_ADMIN_PASSWORD", password)
        call_command("ensure_admin")

    assert User.objects.get().check_password("second-password")
    assert Membership.objects.count() == 1


def test_a_tenant_that_is_called_admin_already_stays_its_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    as_user("admin").get("/me")
    monkeypatch.setenv("STOREPLANE_ADMIN_PASSWORD", "first-password")

    call_command("ensure_admin")

    admin = User.objects.get(username="admin")
    assert [membership.tenant.slug for membership in admin.memberships.all()] == ["admin-own"]


def test_without_a_password_nobody_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOREPLANE_ADMIN_PASSWORD", raising=False)

    with pytest.raises(CommandError, match="STOREPLANE_ADMIN_PASSWORD is empty"):
        call_command("ensure_admin")
    assert not User.objects.exists()
