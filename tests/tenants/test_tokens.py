"""Bearer tokens: shown once, kept as a digest, never more than their user may."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from tenants import tokens
from tenants.models import ApiToken, AuditEntry, Membership, Role, Tenant, User
from tests.people import WISH, as_user, at_once, logged_in, member, tenant

pytestmark = pytest.mark.django_db


def with_token(secret: str, **extra: Any) -> APIClient:
    client = APIClient(headers={"Authorization": f"Bearer {secret}"}, **extra)
    client.default_format = "json"
    return client


def make(client: APIClient, **wish: Any) -> dict[str, Any]:
    answer = client.post("/tokens", {"name": "ci", **wish})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_a_token_is_shown_once_and_kept_nowhere() -> None:
    ann = as_user("ann")
    answer = ann.post("/tokens", {"name": "ci"})
    secret = answer.json()["token"]

    assert secret.startswith(answer.json()["prefix"] + "_")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Location"].endswith(f"/tokens/{answer.json()['id']}")
    assert "token" not in ann.get(f"/tokens/{answer.json()['id']}").json()
    assert secret not in ann.get("/tokens").content.decode()
    with connection.cursor() as cursor:
        for table in ("tenants_apitoken", "tenants_auditentry"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - two names of ours
            assert secret.rpartition("_")[2] not in str(cursor.fetchall())


def test_a_token_speaks_for_its_user_in_its_tenant() -> None:
    client = with_token(make(as_user("ann"))["token"])

    me = client.get("/me").json()

    assert (me["username"], me["authenticated_by"]) == ("ann@header", "token")
    assert (me["token"]["name"], me["token"]["role"]) == ("ci", "member")
    assert [(each["slug"], each["role"]) for each in me["tenants"]] == [("ann", "member")]
    assert client.post("/stores", WISH).status_code == 201
    entry = AuditEntry.objects.get(action="store.create")
    assert (entry.actor, entry.via) == ("ann@header", f"token:{ApiToken.objects.get().prefix}")


def test_a_token_sees_no_other_tenant_of_its_user() -> None:
    house, other = tenant("house"), tenant("other")
    ann = member(house, Role.OWNER, "ann")
    Membership.objects.create(tenant=other, user=User.objects.get(username="ann"), role=Role.OWNER)
    ann.post("/stores", {**WISH, "tenant": "other"})

    client = with_token(make(ann, tenant="house")["token"])

    assert client.get("/stores").json()["results"] == []
    assert client.get("/stores/tea-shop").status_code == 404
    assert client.get("/stores/tea-shop/logs").status_code == 404
    assert client.get("/tenants/other").status_code == 404


def test_a_superusers_token_sees_only_its_tenant() -> None:
    root = logged_in(User.objects.create(username="root", is_superuser=True))
    tenant("house")
    as_user("ann").post("/stores", WISH)

    client = with_token(make(root, tenant="house", role="owner")["token"])

    assert [each["slug"] for each in client.get("/tenants").json()["results"]] == ["house"]
    assert client.get("/stores/tea-shop").status_code == 404


def test_a_token_never_may_more_than_its_user_may_now() -> None:
    ann = member(tenant("house"), Role.OWNER, "ann")
    client = with_token(make(ann, role="owner")["token"])
    assert client.get("/audit").json()["results"] != []

    Membership.objects.update(role=Role.VIEWER)
    assert client.post("/stores", WISH).status_code == 403
    assert client.get("/audit").json()["results"] == []

    Membership.objects.all().delete()
    assert client.get("/tenants").json()["results"] == []


def test_nobody_makes_a_token_that_may_more_than_they() -> None:
    ben = member(tenant("house"), Role.MEMBER, "ben")

    refused = ben.post("/tokens", {"name": "ci", "role": "owner"})

    assert refused.status_code == 403
    assert refused.json()["detail"] == (
        "Only owners of the tenant may make a token with the role 'owner'; you are a member."
    )
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_refused_at_once_and_says_so() -> None:
    ann = as_user("ann")
    made = make(ann)

    assert [ann.delete(f"/tokens/{made['id']}").status_code for _ in range(2)] == [204, 204]

    refused = with_token(made["token"]).get("/me")
    assert refused.status_code == 401
    assert refused.json()["detail"].startswith(f"The token {made['prefix']}… was revoked on ")
    assert AuditEntry.objects.filter(action="token.revoke").count() == 1
    assert [each["id"] for each in ann.get("/tokens?revoked=true").json()["results"]] == [made["id"]]
    assert ann.get("/tokens?revoked=false").json()["results"] == []


def test_a_token_ends_when_it_was_said_to() -> None:
    made = make(as_user("ann"), expires_in_days=1)
    assert with_token(made["token"]).get("/me").status_code == 200

    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    refused = with_token(made["token"]).get("/me")
    assert refused.status_code == 401
    assert "expired on" in refused.json()["detail"]


def test_a_token_of_a_user_who_is_switched_off_is_refused() -> None:
    made = make(as_user("ann"))
    User.objects.update(is_active=False)

    assert with_token(made["token"]).get("/me").status_code == 401


@pytest.mark.parametrize("secret", ["", "spt_", "spt_00000000_x", "x" * 5000, "ünïcödé"])
def test_what_is_no_token_is_a_401_also_for_a_caller_who_is_known_otherwise(secret: str) -> None:
    as_user("ann").get("/me")

    refused = APIClient(headers={"Authorization": f"Bearer {secret}", "X-User-Id": "ann"}).get("/me")

    assert refused.status_code == 401
    assert refused["WWW-Authenticate"].startswith("Bearer ")


def test_another_scheme_is_not_ours() -> None:
    me = APIClient(headers={"Authorization": "Basic YTpi", "X-User-Id": "ann"}).get("/me").json()

    assert me["authenticated_by"] == "header"


def test_the_last_use_is_shown_to_the_minute() -> None:
    ann = as_user("ann")
    made = make(ann)

    with_token(made["token"], REMOTE_ADDR="198.51.100.7").get("/me")
    first = ann.get(f"/tokens/{made['id']}").json()
    with_token(made["token"], REMOTE_ADDR="198.51.100.8").get("/me")

    assert first["last_used_from"] == "198.51.100.7"
    assert ann.get(f"/tokens/{made['id']}").json()["last_used_at"] == first["last_used_at"]


def test_owners_see_and_revoke_all_tokens_of_their_tenant_and_others_their_own() -> None:
    house = tenant("house")
    ann, ben = member(house, Role.OWNER, "ann"), member(house, Role.MEMBER, "ben")
    of_ann, of_ben = make(ann), make(ben)

    assert [each["id"] for each in ben.get("/tokens").json()["results"]] == [of_ben["id"]]
    assert ben.delete(f"/tokens/{of_ann['id']}").status_code == 404
    assert [each["id"] for each in ann.get("/tokens").json()["results"]] == [of_ben["id"], of_ann["id"]]
    assert ann.delete(f"/tokens/{of_ben['id']}").status_code == 204


def test_a_token_that_may_only_read_revokes_itself_and_no_other() -> None:
    ann = as_user("ann")
    reader, other = make(ann, role="viewer"), make(ann, role="owner")
    client = with_token(reader["token"])

    assert client.delete(f"/tokens/{other['id']}").status_code == 403
    assert with_token(other["token"]).get("/me").status_code == 200
    assert client.delete(f"/tokens/{reader['id']}").status_code == 204


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": ""}, "name"),
        ({}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "role": "king"}, "role"),
        ({"name": "x", "tenant": "nowhere"}, "tenant"),
        ({"name": "x", "expires_in_days": 0}, "expires_in_days"),
        ({"name": "x", "expires_in_days": 10**9}, "expires_in_days"),
        ({"name": "x", "scope": "all"}, "scope"),
    ],
)
def test_a_wish_that_cant_be_used_names_its_field(wish: dict[str, Any], field: str) -> None:
    refused = as_user("ann").post("/tokens", wish)

    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert not ApiToken.objects.exists()


def test_the_repr_of_a_new_token_hides_the_secret() -> None:
    made = tokens.make(tenant(), User.objects.create(username="ann"), name="x", role=Role.VIEWER)

    assert made.secret not in repr(made)


@pytest.mark.django_db(transaction=True)
def test_a_token_that_is_revoked_by_ten_at_once_is_revoked_once() -> None:
    made = make(as_user("ann"))

    codes = at_once(10, lambda _: as_user("ann").delete(f"/tokens/{made['id']}").status_code)

    assert codes == [204] * 10
    assert AuditEntry.objects.filter(action="token.revoke").count() == 1
    assert Tenant.objects.count() == 1
