"""X-User-Id: when it is believed, and what a first one makes."""

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from stores.models import Store
from tenants.models import AuditEntry, Membership, Role, Tenant, User
from tests.people import WISH, as_user, logged_in

pytestmark = pytest.mark.django_db


def test_a_first_id_makes_a_user_and_a_tenant_of_their_own() -> None:
    me = as_user("auth0|Ann.Lee").get("/me").json()

    assert me["external_id"] == "auth0|Ann.Lee"
    assert me["authenticated_by"] == "header"
    assert [(tenant["slug"], tenant["role"]) for tenant in me["tenants"]] == [("auth0annlee", "owner")]
    assert as_user("auth0|Ann.Lee").get("/me").json() == me
    assert not User.objects.get().has_usable_password()


def test_ids_that_differ_only_in_case_are_two_people() -> None:
    slugs = [as_user(name).get("/me").json()["tenants"][0]["slug"] for name in ("ann", "Ann")]

    assert slugs[0] == "ann"
    assert slugs[1].startswith("ann-")


def test_an_id_of_a_person_with_a_password_is_not_that_person() -> None:
    User.objects.create_superuser("admin", password="secret-of-the-admin")

    me = as_user("admin").get("/me").json()

    assert me["is_superuser"] is False
    assert me["username"] == "admin@header"


@pytest.mark.parametrize("name", ["", " ", "-x", "a b", "x" * 121, "<script>", "a\tb", "ä"])
def test_an_id_that_cant_be_one_is_refused_and_makes_nobody(name: str) -> None:
    refused = APIClient().get("/me", headers={"X-User-Id": name})

    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:storeplane:problem:not-authenticated"
    assert not User.objects.exists()


def test_the_header_of_an_unlisted_peer_is_not_seen() -> None:
    refused = APIClient(REMOTE_ADDR="10.0.0.9").post("/stores", WISH, headers={"X-User-Id": "ann"}, format="json")

    assert refused.status_code == 401
    assert not User.objects.exists()


@pytest.mark.parametrize("origin", ["https://evil.example", "http://shop.localhost:8080", "null"])
def test_another_sites_form_changes_nothing_in_the_name_of_whom_a_proxy_vouches_for(origin: str) -> None:
    form = {"name": "tea", "engine": "medusa"}

    refused = as_user("ann").post("/stores", form, headers={"Origin": origin}, format="multipart")

    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:storeplane:problem:csrf-failed"
    assert refused.json()["detail"] == f"Pages of {origin} may not change anything here."
    assert not Store.objects.exists()


def test_our_own_pages_and_programs_change_things_in_the_name_of_whom_a_proxy_vouches_for() -> None:
    assert as_user("ann").post("/stores", WISH, headers={"Origin": "http://localhost:8000"}).status_code == 201
    assert as_user("ann").post("/stores", WISH).status_code == 200
    assert as_user("ann").get("/stores", headers={"Origin": "https://evil.example"}).status_code == 200


def test_the_header_is_not_seen_while_the_setting_is_off() -> None:
    with override_settings(STOREPLANE_TRUST_USER_HEADER=False):
        assert as_user("ann").get("/me").status_code == 401
    assert not User.objects.exists()


def test_a_session_is_not_replaced_by_an_unlisted_peers_header() -> None:
    client = logged_in(User.objects.create(username="root"))

    me = client.get("/me", headers={"X-User-Id": "ann"}, REMOTE_ADDR="10.0.0.9").json()

    assert (me["username"], me["authenticated_by"]) == ("root", "session")


def test_a_user_who_is_switched_off_is_nobody() -> None:
    as_user("ann").get("/me")
    User.objects.update(is_active=False)

    refused = as_user("ann").get("/me")

    assert refused.status_code == 401
    assert refused.json()["detail"] == "The user 'ann' has been switched off."


def test_the_audit_tells_owners_who_did_what_from_where() -> None:
    answer = as_user("ann").post("/stores", WISH, headers={"X-Forwarded-For": "203.0.113.7", "X-Request-Id": "r-1"})
    assert answer.status_code == 201

    [entry] = as_user("ann").get("/audit").json()["results"]

    assert (entry["actor"], entry["action"], entry["target"]) == ("ann@header", "store.create", "tea-shop")
    assert (entry["address"], entry["request_id"], entry["tenant"]) == ("203.0.113.7", "r-1", "ann")
    assert entry["after"] == WISH


def test_members_do_not_read_the_audit() -> None:
    as_user("ann").post("/stores", WISH)
    user = User.objects.create(username="ben")
    Membership.objects.create(tenant=Tenant.objects.get(), user=user, role=Role.MEMBER)

    assert AuditEntry.objects.count() == 1
    assert logged_in(user).get("/audit").json()["results"] == []
