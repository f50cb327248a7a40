"""Limits of requests: by caller, from the plan, told in the answer, and never the reason that nothing works."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from redis import Redis
from rest_framework.test import APIClient

from tenants import throttling, tokens
from tenants.models import Role, Tenant, User
from tests.people import as_user, at_once, member, tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters(redis_server: None, settings: Any) -> Iterator[None]:
    """Limits of 12, 30 and 60 requests a minute, and nobody counted yet."""
    settings.STOREPLANE_RATE_LIMIT_SCALE = 0.01
    Redis.from_url(settings.REDIS_LIMITS_URL.replace("redis+unix", "unix")).flushdb()
    throttling.COUNTER.close()
    yield
    throttling.COUNTER.close()


def codes(client: APIClient, times: int) -> list[int]:
    return [client.get("/engines").status_code for _ in range(times)]


def test_the_plans_limit_is_kept_and_the_refusal_says_when_to_come_back() -> None:
    ann = as_user("ann")

    assert codes(ann, 13) == [200] * 12 + [429]

    refused = ann.get("/engines")
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:storeplane:problem:too-many-requests"
    assert refused.json()["detail"].startswith("More than 12 requests in a minute (the limit 'small'); try again in ")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Remaining"] == "0"


def test_every_answer_tells_the_standing() -> None:
    answer = as_user("ann").get("/engines")

    assert answer["RateLimit-Policy"] == '"small";q=12;w=60'
    assert answer["RateLimit"] == f'"small";r=11;t={answer["RateLimit-Reset"]}'
    assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("12", "11")


def test_callers_are_counted_apart() -> None:
    assert codes(as_user("ann"), 13)[-1] == 429

    assert codes(as_user("ben"), 1) == [200]


def test_a_token_is_counted_apart_from_its_user_and_by_its_tenants_plan() -> None:
    as_user("ann").get("/me")
    Tenant.objects.update(plan="medium")
    user = User.objects.get()
    secret = tokens.make(Tenant.objects.get(), user, name="ci", role=Role.VIEWER).secret
    program = APIClient(headers={"Authorization": f"Bearer {secret}"})

    assert codes(program, 31) == [200] * 30 + [429]
    assert codes(as_user("ann"), 1) == [200]


def test_the_most_generous_of_several_plans_counts() -> None:
    large = tenant("large")
    Tenant.objects.filter(pk=large.pk).update(plan="large")
    ann = member(large, Role.VIEWER, "ann")

    assert ann.get("/engines")["RateLimit-Policy"] == '"large";q=60;w=60'


def test_probes_and_scrapes_are_not_counted() -> None:
    for path in ("/health/live", "/metrics"):
        assert not Client().get(path).has_header("RateLimit")


def test_attempts_to_log_in_are_counted_by_address(settings: Any) -> None:
    settings.STOREPLANE_RATE_LIMIT_SCALE = 0.1  # two logins a minute
    User.objects.create_user("ann", password="the-right-one")
    guess = {"username": "ann", "password": "x"}

    found = [Client().post(path, guess).status_code for path in ("/admin/login/", "/api-auth/login/", "/admin/login/")]

    assert found == [200, 200, 429]
    refused = Client().post("/admin/login/", {"username": "ann", "password": "the-right-one"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert Client(REMOTE_ADDR="198.51.100.7").post("/admin/login/", guess).status_code == 200


def test_a_scale_of_nought_counts_nobody(settings: Any) -> None:
    settings.STOREPLANE_RATE_LIMIT_SCALE = 0

    answer = as_user("ann").get("/engines")

    assert answer.status_code == 200
    assert not answer.has_header("RateLimit")


def test_without_redis_nobody_is_refused_and_redis_isnt_asked_again_at_once(settings: Any, tmp_path: Path) -> None:
    settings.REDIS_LIMITS_URL = f"redis+unix://{tmp_path}/nothing.sock?db=3"
    throttling._limiter.cache_clear()
    try:
        assert codes(as_user("ann"), 15) == [200] * 15
        assert throttling.COUNTER.is_open
    finally:
        throttling._limiter.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_over_many_at_once() -> None:
    as_user("ann").get("/me")

    found = at_once(20, lambda _: as_user("ann").get("/engines").status_code)

    assert sorted(found) == [200] * 11 + [429] * 9
