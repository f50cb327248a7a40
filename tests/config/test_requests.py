"""What every answer has: a request id, and problems without a stack trace."""

import asyncio
import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from rest_framework.test import APIClient

from config.request_id import RequestIdMiddleware, sane_or_new
from provisioner.service import ClusterProvisioner
from tests.people import as_user

SECRET = "a-secret-in-an-exception"


@pytest.mark.parametrize("offered", ["abc", "4bf92f3577b34da6a3ce929d0e0e4736", "a.b:c-d_e", "x" * 64])
def test_a_sane_request_id_is_kept(offered: str) -> None:
    assert sane_or_new(offered) == offered


@pytest.mark.parametrize("offered", [None, "", "a b", "a\nb", "x" * 65, "<b>", "-x", "é"])
def test_any_other_is_replaced(offered: str | None) -> None:
    made = sane_or_new(offered)

    assert made != offered
    assert len(made) == 32


def test_the_request_id_comes_back() -> None:
    assert Client().get("/health/live", headers={"X-Request-Id": "r-1"})["X-Request-Id"] == "r-1"


async def test_the_middleware_works_in_an_async_chain_too() -> None:
    seen = []

    async def view(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        seen.append(request.request_id)  # type: ignore[attr-defined]
        return HttpResponse()

    request = HttpRequest()
    request.META["HTTP_X_REQUEST_ID"] = "r-2"
    response = await RequestIdMiddleware(view)(request)  # type: ignore[misc]

    assert seen == ["r-2"]
    assert response["X-Request-Id"] == "r-2"


async def test_the_async_handler_sends_it_back() -> None:
    assert (await AsyncClient().get("/health/live", headers={"X-Request-Id": "r-3"}))["X-Request-Id"] == "r-3"


@pytest.mark.django_db
def test_an_unforeseen_error_is_a_500_that_tells_nothing_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(ClusterProvisioner, "work", fail)
    ann = as_user("ann")
    assert ann.get("/stores").status_code == 200
    ann.post("/stores", {"name": "wool", "engine": "woocommerce"})

    with caplog.at_level(logging.ERROR):
        broken = ann.get("/stores", headers={"X-Request-Id": "r-4"})

    assert broken.status_code == 500
    assert broken.json() == {
        "type": "urn:storeplane:problem:internal",
        "title": "Something went wrong here",
        "status": 500,
        "detail": "Something went wrong here; the log tells more under this request id.",
        "instance": "/stores",
        "request_id": "r-4",
    }
    assert "unexpected error" in caplog.text


@pytest.mark.django_db
def test_an_error_outside_the_api_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: ClusterProvisioner) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(ClusterProvisioner, "load", fail)

    broken = Client(raise_request_exception=False).get("/metrics")

    assert broken.status_code == 500
    assert broken["Content-Type"] == "application/problem+json"
    assert SECRET not in broken.content.decode()


def test_an_unknown_host_is_a_400_problem() -> None:
    refused = Client(headers={"Host": "evil.example"}).get("/stores")

    assert refused.status_code == 400
    assert refused.json()["type"] == "urn:storeplane:problem:malformed"


def test_a_browser_gets_a_page_for_what_isnt_there() -> None:
    page = Client(headers={"Accept": "text/html"}).get("/nope")

    assert page.status_code == 404
    assert "There is nothing at /nope." in page.content.decode()


@pytest.mark.django_db
def test_the_browsable_api_shows_a_problem_inside_its_page() -> None:
    page = APIClient(headers={"Accept": "text/html"}).get("/stores")

    assert page.status_code == 401
    assert page["Content-Type"].startswith("text/html")
    assert "urn:storeplane:problem:not-authenticated" in page.content.decode()
    assert "/api-auth/login/" in page.content.decode()


@pytest.mark.django_db
def test_the_browsable_api_has_forms_filters_and_links() -> None:
    ann = as_user("ann")
    ann.post("/stores", {"name": "wool", "engine": "woocommerce"})

    page = ann.get("/stores", headers={"Accept": "text/html"}).content.decode()

    assert 'name="display_name"' in page
    assert 'href="http://testserver/stores/wool"' in page
    assert "Filters" in page
    made = ann.post("/stores", {"name": "wool-2", "engine": "woocommerce"}, headers={"Accept": "text/html"})
    assert 'name="display_name"' in made.content.decode()
    assert 'name="queue_position"' not in made.content.decode()
    assert 'name="phase"' not in made.content.decode()
    assert ann.get("/stores/wool", headers={"Accept": "text/html"}).status_code == 200


def test_probes_are_not_redirected_to_https() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        assert Client().get("/health/live").status_code == 200
        assert Client().get("/stores").status_code == 301
