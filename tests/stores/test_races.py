"""Many callers at the same moment: limits and names hold, and nobody gets a 500."""

from collections import Counter
from typing import Any

import pytest
from rest_framework.test import APIClient

from stores.models import Store, StoreEvent
from tenants.models import AuditEntry, Membership, Tenant, User
from tests.people import WISH, as_user, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def post(client: APIClient, name: str) -> int:
    return int(client.post("/stores", {"name": name, "engine": "medusa"}).status_code)


def test_twenty_first_requests_of_one_user_make_one_tenant() -> None:
    codes = at_once(20, lambda _: as_user("ann").get("/me").status_code)

    assert codes == [200] * 20
    assert User.objects.filter(external_id="ann").count() == 1
    assert list(Tenant.objects.values_list("slug", flat=True)) == ["ann"]
    assert Membership.objects.count() == 1


def test_fifty_creates_at_a_limit_of_ten_make_exactly_ten() -> None:
    as_user("ann").get("/me")

    codes = at_once(50, lambda number: post(as_user("ann"), f"shop-{number}"))

    assert Counter(codes) == {201: 10, 403: 40}
    assert Store.objects.count() == 10


def test_one_name_asked_for_by_ten_tenants_goes_to_one() -> None:
    for number in range(10):
        as_user(f"user-{number}").get("/me")

    codes = at_once(10, lambda number: post(as_user(f"user-{number}"), "tea-shop"))

    assert Counter(codes) == {201: 1, 409: 9}
    assert Store.objects.count() == 1


def test_twenty_equal_wishes_at_once_make_one_store() -> None:
    as_user("ann").get("/me")

    codes = at_once(20, lambda _: post(as_user("ann"), "tea-shop"))

    assert Counter(codes) == {201: 1, 200: 19}
    assert StoreEvent.objects.filter(type="STORE_REQUESTED").count() == 1


def test_twenty_equal_wishes_under_one_key_make_one_store_and_all_get_its_address() -> None:
    as_user("ann").get("/me")
    headers = {"Idempotency-Key": "order-4711"}

    answers = at_once(20, lambda _: as_user("ann").post("/stores", WISH, headers=headers))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert {answer["Location"] for answer in answers} == {"http://testserver/stores/tea-shop"}
    assert len({answer.json()["operation"]["id"] for answer in answers}) == 1
    assert Store.objects.count() == 1
    assert AuditEntry.objects.filter(action="store.create").count() == 1


def test_ten_deletes_at_once_start_one_removal() -> None:
    post(as_user("ann"), "tea-shop")

    answers = at_once(10, lambda _: as_user("ann").delete("/stores/tea-shop"))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert StoreEvent.objects.filter(type="DELETE_START").count() == 1
    assert AuditEntry.objects.filter(action="store.delete").count() == 1


def test_creates_of_many_tenants_at_once_never_overfill_the_queue(settings: Any) -> None:
    settings.STOREPLANE_QUEUE_LIMIT = 5
    for number in range(12):
        as_user(f"user-{number}").get("/me")

    answers = at_once(12, lambda number: as_user(f"user-{number}").post("/stores", {**WISH, "name": f"shop-{number}"}))

    assert Counter(answer.status_code for answer in answers) == {201: 5, 503: 7}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused["Retry-After"] == "30"
    assert refused.json()["type"] == "urn:storeplane:problem:queue-full"
    assert Store.objects.count() == 5
