"""Any input at all gets an answer below 500, and a refused one says why."""

import string
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.people import as_user

pytestmark = pytest.mark.django_db

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["name", "engine", "plan", "display_name", "tenant", "drift_policy", "deletion_protection", "x\x00"]
LIKELY = st.sampled_from(["tea-shop", "medusa", "woocommerce", "small", "ann", "heal", True, ""])
BODIES = JSON | st.dictionaries(st.sampled_from(FIELDS), JSON | LIKELY, max_size=6)
PARAMETERS = ["phase", "engine", "tenant", "search", "ordering", "cursor", "page_size", "type", "format", "x"]
VALUES = st.text(max_size=40) | st.sampled_from(["Ready", "medusa", "-phase", "cD0x", "10", "api", "json"])
PATHS = ["/stores", "/stores/tea-shop/logs", "/audit", "/tenants", "/me", "/engines"]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def store() -> None:
    assert as_user("ann").post("/stores", {"name": "tea-shop", "engine": "woocommerce"}).status_code == 201


def is_fine(answer: Any) -> bool:
    if answer.status_code < 400:
        return True
    return answer.status_code < 500 and answer.json()["type"].startswith("urn:storeplane:problem:")


@QUICK
@given(body=BODIES, method=st.sampled_from(["post", "patch"]))
def test_any_body(store: None, body: Any, method: str) -> None:
    path = "/stores" if method == "post" else "/stores/tea-shop"

    answer = getattr(as_user("ann"), method)(path, body)

    assert is_fine(answer), answer.content


@QUICK
@given(path=st.sampled_from(PATHS), query=st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=4))
def test_any_query(store: None, path: str, query: dict[str, str]) -> None:
    answer = as_user("ann").get(f"{path}?{urlencode(query)}", headers={"Accept": "application/json"})

    assert is_fine(answer), answer.content


@QUICK
@given(
    name=st.text(max_size=45) | st.text(string.ascii_lowercase + "-/.%", max_size=45),
    headers=st.dictionaries(
        st.sampled_from(["Idempotency-Key", "X-Request-Id", "X-Forwarded-For", "Accept", "X-User-Id"]),
        st.text(string.printable.replace("\r", "").replace("\n", ""), max_size=250),
    ),
)
def test_any_name_and_header(store: None, name: str, headers: dict[str, str]) -> None:
    client = as_user("ann")
    for answer in (client.get(f"/stores/{name}", headers=headers), client.delete(f"/stores/{name}", headers=headers)):
        assert answer.status_code < 500, answer.content
    made = client.post("/stores", {"name": "tea-shop", "engine": "medusa"}, headers=headers)
    assert made.status_code < 500, made.content
