"""Who may do what: every address, every kind of caller, and no trace of what was refused."""

from collections.abc import Mapping

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from provisioner.service import ClusterProvisioner
from stores.choices import Phase
from stores.models import Store
from stores.provisioning import Credentials, CredentialsNotReady, ProvisioningError
from tenants.models import AuditEntry, Role, User
from tests.people import WISH, as_user, logged_in, member, tenant, traces

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
    ("GET", "/stores/shop/logs"): (401, 404, 200, 200, 200, 404, 200),
    ("GET", "/stores/shop/credentials"): (401, 404, 403, 403, 200, 404, 200),
    ("GET", "/operations/OPERATION"): (401, 404, 200, 200, 200, 404, 200),
    ("GET", "/engines"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/plans"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/tenants"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/me"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/audit"): (401, 200, 200, 200, 200, 200, 200),
    ("GET", "/health/live"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/metrics"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/schema"): (200, 200, 200, 200, 200, 200, 200),
    ("GET", "/docs"): (200, 200, 200, 200, 200, 200, 200),
}
BODIES = {"/stores": {"name": "new-shop", "engine": "medusa"}, "/stores/shop": {"display_name": "Other"}}


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
        return as_user("stranger")
    if kind == "staff":
        return logged_in(User.objects.create(username="staff", is_staff=True))
    if kind == "superuser":
        tenant("another")
        return logged_in(User.objects.create(username="root", is_staff=True, is_superuser=True))
    return member(house, Role(kind), kind)


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_each_address_answers_each_caller_as_the_table_says(method: str, path: str, kind: str) -> None:
    made = member(tenant("house"), Role.OWNER, "founder").post("/stores", {"name": "shop", "engine": "medusa"})
    Store.objects.update(phase=Phase.FAILED)
    client = caller(kind)
    before = traces()
    expected = MATRIX[method, path][CALLERS.index(kind)]

    body = BODIES.get(path) if method in ("POST", "PATCH") else None
    answer = client.generic(method, path.replace("OPERATION", made.json()["operation"]["id"]), **_json(body))

    assert answer.status_code == expected, answer.content
    if expected >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer["X-Request-Id"]
        assert traces() == before
    if expected == 401:
        assert answer["WWW-Authenticate"]


def _json(body: object) -> dict[str, object]:
    import json

    return {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}


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
