"""Everything that the OpenAPI document allows, and much that it doesn't: never a 5xx, never an answer outside of it.

The application is called in this process, so that each operation's requests share one transaction that is taken back.
"""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
import yaml
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from provisioner.service import ClusterProvisioner
from stores.models import Store
from stores.provisioning import Credentials
from tenants.models import ApiToken, Membership
from tests.people import as_user
from tests.services import ROOT

pytestmark = pytest.mark.django_db

EXAMPLES = 40
# Asking again what was refused, or with less, belongs to tests that know what the answer must be (test_permissions.py).
LEFT_OUT = [
    checks.ignored_auth,
    checks.ensure_resource_availability,
    checks.use_after_free,
    checks.positive_data_acceptance,
    checks.unsupported_method,
]


def without_security(document: dict[str, Any]) -> dict[str, Any]:
    """Credentials at random get a 401 and nothing else; the test brings its own."""
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    del document["components"]["securitySchemes"]
    return document


schema = schemathesis.openapi.from_dict(without_security(yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())))
schema.app = WSGIHandler()


@pytest.fixture(autouse=True)
def open_connections() -> Iterator[None]:
    """A request's end must not close the connection that holds the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A tenant with a store, a token and a second member, and what names them in a path."""

    def read(_self: ClusterProvisioner, store: Store) -> Credentials:
        return Credentials(store.admin_url, "admin@shop.test", store.url, "pk_1", "a password")

    # The cluster, at the outermost edge: there is none here.
    monkeypatch.setattr(ClusterProvisioner, "credentials", read)
    ann = as_user("ann")
    as_user("ben").get("/me")
    made = ann.post("/stores", {"name": "tea-shop", "engine": "medusa"})
    rule = ann.post("/stores/tea-shop/drift/rules", {"kind": "ConfigMap", "pointer": "/data"})
    ann.post("/tokens", {"name": "ci"})
    ann.post("/tenants/ann/members", {"user": "ben", "role": "viewer"})
    return {
        "name": "tea-shop",
        "slug": "ann",
        "operation_id": made.json()["operation"]["id"],
        "rule_id": rule.json()["id"],
        "token_id": ApiToken.objects.get().pk,
        "membership_id": Membership.objects.get(user__external_id="ben", tenant__slug="ann").pk,
    }


@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_gets_an_answer_outside_of_the_document(case: schemathesis.Case, world: dict[str, Any]) -> None:
    # Names at random find nothing: two of three requests are for what there is.
    for name, value in (case.path_parameters or {}).items():
        if crc32(str(value).encode()) % 3:
            case.path_parameters[name] = str(world[name])

    # Without cluster and workers `/health` has to answer 503, in the form that the document tells.
    left_out = [*LEFT_OUT, not_a_server_error] if case.path == "/health" else LEFT_OUT
    case.call_and_validate(headers={"X-User-Id": "ann"}, excluded_checks=left_out)
