"""`GET /names/{name}`: whether a name is free, and not a word about whose store has it."""

from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from stores.models import Store
from tests.people import WISH, as_user, tenant

pytestmark = pytest.mark.django_db

TAKEN = {
    "name": "tea-shop",
    "valid": True,
    "available": False,
    "url": "http://tea-shop.localhost:8080",
    "reason": "The name 'tea-shop' is taken; choose another.",
}
FREE = {**TAKEN, "available": True, "reason": ""}
# The user and their tenant's terms, then one look for the name.
QUERIES = 3


@pytest.fixture
def ann() -> APIClient:
    client = as_user("ann")
    client.get("/me")  # the first request makes her tenant
    return client


def test_a_name_that_nobody_has_is_free_and_kept_by_no_cache(ann: APIClient) -> None:
    answer = ann.get("/names/tea-shop")

    assert answer.status_code == 200
    assert answer.json() == FREE
    assert answer["Cache-Control"] == "no-store"
    assert ann.get("/names/tea-shop/").json() == FREE


def test_a_name_of_another_tenant_is_taken_as_ones_own_is_and_the_post_says_the_same(ann: APIClient) -> None:
    as_user("ben").post("/stores", {**WISH, "display_name": "Ben's"})

    assert ann.get("/names/tea-shop").json() == TAKEN
    assert as_user("ben").get("/names/tea-shop").json() == TAKEN
    assert ann.post("/stores", WISH).json()["detail"] == TAKEN["reason"]


def test_a_name_is_free_as_soon_as_its_store_is_asked_to_go(ann: APIClient) -> None:
    ben = as_user("ben")
    ben.post("/stores", WISH)
    assert ben.delete("/stores/tea-shop").status_code == 202

    assert ann.get("/names/tea-shop").json() == FREE
    assert ann.post("/stores", WISH).status_code == 201


@pytest.mark.parametrize(
    "name", ["ab", "a" * 41, "a" * 500, "Tea Shop", "käse", "tea.shop", "tea-", "xn--tea", "admin", "%00"]
)
def test_a_name_that_no_store_may_bear_is_told_what_the_post_would_say(ann: APIClient, name: str) -> None:
    refusal = ann.post("/stores", {**WISH, "name": name}).json()["errors"]

    answer = ann.get(f"/names/{quote(name, safe='')}")

    assert answer.status_code == 200
    told = {"name": name, "valid": False, "available": False, "url": "", "reason": refusal[0]["message"]}
    assert answer.json() == told


def test_who_is_not_logged_in_learns_nothing() -> None:
    assert APIClient().get("/names/tea-shop").status_code == 401


def test_asking_counts_against_the_limit_and_makes_nothing(ann: APIClient) -> None:
    answer = ann.get("/names/tea-shop")

    assert answer["RateLimit-Limit"] == "1200"
    assert not Store.objects.exists()


@pytest.mark.parametrize("stores", [0, 50])
def test_it_takes_the_same_few_queries_however_many_stores_there_are(ann: APIClient, stores: int) -> None:
    Store.objects.bulk_create(Store(tenant=tenant("crowd"), name=f"shop-{n}", engine="medusa") for n in range(stores))

    with CaptureQueriesContext(connection) as queries:
        ann.get("/names/shop-1")

    assert len(queries) == QUERIES, [query["sql"][:90] for query in queries]
