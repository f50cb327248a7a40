"""Who may do what: every address, every kind of caller, and no trace of what was refused."""

import json
from collections.abc import Mapping

import pytest
import yaml
from django.core.cache import cache
from rest_framework.test import APIClient

from provisioner.service import ClusterProvisioner
from stores.choices import Phase
from stores.models import Store
from stores.provisioning import Credentials, CredentialsNotReady, ProvisioningError
from tenants import tokens
from tenants.models import AuditEntry, Membership, Role, User
from tests.people import WISH, as_user, logged_in, member, tenant, traces
from tests.services import ROOT

pytestmark = pytest.mark.django_db

CALLERS = ("anonymous", "stranger", "viewer", "member", "owner", "staff", "superuser")
SECRET = "the-admin-password-of-this-shop"

# In the order of CALLERS. `staff` may enter the admin and is in no tenant.
MATRIX: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("GET", "/stores"): (401, 200, 200, 200, 200, 200, 200),
    ("POST", "/stores"): (401, 201, 403, 201, 201, 403, 400),
    ("GET", "/stores/shop"): (401, 404, 200, 200, 200, 404, 200),
    ("PATCH", "/stores/shop"): (401, 404, 403, 200, 200, 404, 200),
    ("DELETE", "/stores/shop"): (401, 404, 403, 202, 202, 404, 202),
    ("POST", "/stores/shop/retry"): (401, 404, 403, 202, 202, 404, 202),
    ("POST", "/stores/shop/reconcile"): (401, 404, 403, 202, 202, 404, 202),
    ("GET", "/stores/shop/drift"): (401, 404, 200, 200, 200, 404, 200),
    ("GET", "/stores/shop/drift/rules"): (401, 404, 200, 200, 200, 404, 200),
    ("POST", "/stores/shop/drift/rules"): (401, 404, 403, 201, 201, 404, 201),
    ("GET", "/stores/shop/drift/rules/RULE"): (401, 404, 200, 200, 200, 404, 200),
    ("DELETE", "/stores/shop/drift/rules/RULE"): (401, 404, 403, 204, 204, 404, 204),
    ("GET", "/stores/shop/logs"): (401, 404, 200, 200, 200, 404, 200),
    ("GET", "/stores/shop/credentials"): (401, 404, 403, 403, 200, 404, 200),
    ("GET", "/names/shop"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/operations/OPERATION"): (401, 404, 200, 200, 200, 404, 200),
    ("GET", "/engines"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/plans"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/tenants"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/tenants/house"): (401, 404, 200, 200, 200, 404, 200),
    ("PATCH", "/tenants/house"): (401, 404, 403, 403, 200, 404, 200),
    ("GET", "/tenants/house/members"): (401, 404, 200, 200, 200, 404, 200),
    ("POST", "/tenants/house/members"): (401, 404, 403, 403, 201, 404, 201),
    ("GET", "/tenants/house/members/MEMBER"): (401, 404, 200, 200, 200, 404, 200),
    ("PATCH", "/tenants/house/members/MEMBER"): (401, 404, 403, 403, 200, 404, 200),
    ("DELETE", "/tenants/house/members/MEMBER"): (401, 404, 403, 403, 204, 404, 204),
    ("GET", "/tokens"): (401, 200, 200, 200, 200, 200, 200),
    ("POST", "/tokens"): (401, 201, 403, 201, 201, 403, 400),
    ("GET", "/tokens/TOKEN"): (401, 404, 404, 404, 200, 404, 200),
    ("DELETE", "/tokens/TOKEN"): (401, 404, 404, 404, 204, 404, 204),
    ("GET", "/me"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/audit"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/health/live"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/health/serving"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/metrics"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/schema"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/docs"): (200, 200, 200, 200, 200, 200, 200),
}
BODIES = {
    ("POST", "/stores"): {"name": "new-shop", "engine": "medusa"},
    ("PATCH", "/stores/shop"): {"display_name": "Other"},
    ("POST", "/stores/shop/drift/rules"): {"kind": "ConfigMap"},
    ("PATCH", "/tenants/house"): {"name": "Other"},
    ("POST", "/tenants/house/members"): {"user": "newcomer", "role": "viewer"},
    ("PATCH", "/tenants/house/members/MEMBER"): {"role": "viewer"},
    ("POST", "/tokens"): {"name": "ci", "role": "member"},
}


@pytest.fixture(autouse=True)
def readable_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster's answer, without a cluster."""

    def read(_self: ClusterProvisioner, store: Store) -> Credentials:
        return Credentials(store.admin_url, "admin@shop.test", store.url, "pk_1", SECRET)

    monkeypatch.setattr(ClusterProvisioner, "credentials", read)


def caller(kind: str) -> APIClient:
    house = tenant("house")
    if kind == "anonymous":
        return APIClient()
    if kind == "stranger":
        client = as_user("stranger")
        client.get("/me")  # the first request makes their tenant
        return client
    if kind == "staff":
        return logged_in(User.objects.create(username="staff", is_staff=True))
    if kind == "superuser":
        tenant("another")
        return logged_in(User.objects.create(username="root", is_staff=True, is_superuser=True))
    return member(house, Role(kind), kind)


@pytest.fixture
def places() -> Mapping[str, str]:
    """A tenant with a failed store, three members and a token: what the words in capitals stand for."""
    house = tenant("house")
    founder = member(house, Role.OWNER, "founder")
    made = founder.post("/stores", {"name": "shop", "engine": "medusa"})
    Store.objects.update(phase=Phase.FAILED)
    rule = founder.post("/stores/shop/drift/rules", {"kind": "Secret"})
    token = founder.post("/tokens", {"name": "of the founder"})
    member(house, Role.MEMBER, "colleague")
    User.objects.create(username="newcomer")
    return {
        "OPERATION": made.json()["operation"]["id"],
        "RULE": str(rule.json()["id"]),
        "TOKEN": str(token.json()["id"]),
        "MEMBER": str(Membership.objects.get(user__username="colleague").pk),
    }


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_each_address_answers_each_caller_as_the_table_says(
    method: str, path: str, kind: str, places: Mapping[str, str]
) -> None:
    ask(caller(kind), method, path, places, MATRIX[method, path][CALLERS.index(kind)])


FOR_PERSONS = {
    ("POST", "/tokens"),
    ("POST", "/tenants/house/members"),
    ("PATCH", "/tenants/house/members/MEMBER"),
    ("DELETE", "/tenants/house/members/MEMBER"),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_a_token_may_what_its_role_may_but_nothing_that_outlives_its_revocation(
    method: str, path: str, role: Role, places: Mapping[str, str]
) -> None:
    # The maker owns the tenant, and another one: the token is for this one and for its own role alone.
    house, maker = tenant("house"), User.objects.create(username="maker")
    for each in (house, tenant("other")):
        Membership.objects.create(tenant=each, user=maker, role=Role.OWNER)
    secret = tokens.make(house, maker, name="t", role=role).secret
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})

    expected = MATRIX[method, path][CALLERS.index(role.value)]
    ask(client, method, path, places, 403 if (method, path) in FOR_PERSONS else expected)


def ask(client: APIClient, method: str, path: str, places: Mapping[str, str], expected: int) -> None:
    """Ask, and see that a refusal is a problem document and has changed nothing."""
    body = BODIES.get((method, path))
    for word, value in places.items():
        path = path.replace(word, value)
    before = traces()

    answer = client.generic(method, path, **_json(body))

    assert answer.status_code == expected, answer.content
    if expected >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer["X-Request-Id"]
        assert traces() == before
    if expected == 401:
        assert answer["WWW-Authenticate"] == 'Bearer realm="storeplane"'


def _json(body: object) -> dict[str, object]:
    return {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}


def test_the_matrix_has_every_operation_of_the_document() -> None:
    document = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
    words = {"{name}": "shop", "{slug}": "house", "{operation_id}": "OPERATION"}
    words |= {"{token_id}": "TOKEN", "{membership_id}": "MEMBER", "{rule_id}": "RULE"}
    told = set()
    for path, methods in document["paths"].items():
        for word, value in words.items():
            path = path.replace(word, value)  # noqa: PLW2901 - one word after the other
        told |= {(method.upper(), path) for method in methods}

    # Its answer hangs on the platform's parts, not on the caller (tests/config/test_health.py).
    assert told - {("GET", "/health")} <= set(MATRIX)


@pytest.mark.parametrize("path", sorted({path for _, path in MATRIX if path not in ("/metrics", "/schema", "/docs")}))
def test_a_method_that_an_address_doesnt_have_is_a_405_that_names_those_it_has(
    path: str, places: Mapping[str, str]
) -> None:
    for word, value in places.items():
        path = path.replace(word, value)

    refused = caller("owner").put(path, {})

    assert refused.status_code == 405
    assert refused.json()["type"] == "urn:storeplane:problem:method-not-allowed"
    assert "PUT" not in refused["Allow"]
    assert "GET" in refused["Allow"] or "POST" in refused["Allow"]


def test_nobody_sees_a_strangers_store_in_a_list() -> None:
    as_user("ann").post("/stores", WISH)

    assert as_user("ben").get("/stores").json()["results"] == []
    assert as_user("ben").get("/stores?tenant=ann&search=tea").json()["results"] == []
    assert as_user("ben").get("/audit").json()["results"] == []


def test_credentials_are_read_by_owners_noted_and_kept_by_nobody() -> None:
    ann = as_user("ann")
    ann.post("/stores", WISH)

    read = ann.get("/stores/tea-shop/credentials")

    assert read.json() == {
        "admin_url": "http://tea-shop.localhost:8080/app",
        "admin_email": "admin@shop.test",
        "admin_password": SECRET,
        "backend_url": "http://tea-shop.localhost:8080",
        "publishable_key": "pk_1",
    }
    assert read["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get(action="store.credentials")
    assert (entry.actor, entry.target) == ("ann@header", "tea-shop")
    assert SECRET not in str(list(AuditEntry.objects.values()))
    assert SECRET not in str(ann.get("/stores/tea-shop").json())
    assert cache.get("tea-shop") is None


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (CredentialsNotReady("not yet"), 409, "credentials-not-ready"),
        (ProvisioningError("The API server doesn't answer."), 503, "cluster-unavailable"),
    ],
)
def test_credentials_that_cant_be_read_say_why(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, reason: str
) -> None:
    def fail(_self: ClusterProvisioner, _store: Store) -> Credentials:
        raise error

    monkeypatch.setattr(ClusterProvisioner, "credentials", fail)
    ann = as_user("ann")
    ann.post("/stores", WISH)

    refused = ann.get("/stores/tea-shop/credentials")

    assert refused.status_code == code
    assert refused.json()["type"] == f"urn:storeplane:problem:{reason}"
    assert refused.json()["detail"] == str(error)
    assert refused.has_header("Retry-After") == (code == 503)


def test_a_session_needs_a_csrf_token_to_change_anything() -> None:
    user = User.objects.create(username="root", is_superuser=True)
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    before = traces()

    refused = client.post("/stores", WISH, format="json")

    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:storeplane:problem:csrf-failed"
    assert traces() == before
