"""The span of a request."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from config import tracing
from config.tracing.requests import TracingMiddleware
from tests.traces import Spans, recorded

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def spans() -> Iterator[Spans]:
    with recorded() as made:
        yield made


def test_a_request_is_beneath_the_span_of_whoever_sent_it(spans: Spans) -> None:
    response = Client().get("/engines?secret=1", headers={"traceparent": CALLER, "X-Request-Id": "r-1"})

    span = spans.one("GET engines")
    assert span.parent is not None
    assert format(span.parent.span_id, "016x") == "00f067aa0ba902b7"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.path": "/engines",
        "http.route": "^engines/?$",
        "http.response.status_code": response.status_code,
        "storeplane.request_id": "r-1",
    }


async def test_the_async_chain_records_the_same(spans: Spans) -> None:
    await AsyncClient().get("/engines", headers={"traceparent": CALLER})

    span = spans.one("GET engines")
    assert format(span.context.trace_id, "032x") == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_what_machines_ask_for_all_the_time_is_not_recorded(spans: Spans) -> None:
    Client().get("/health/live")

    assert spans.names() == []


def test_the_line_of_an_answer_carries_the_trace(spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="storeplane.http"):
        Client().get("/no-such-page")

    (line,) = (record.msg for record in caplog.records if record.name == "storeplane.http")
    assert isinstance(line, dict)
    assert line["trace_id"] == format(spans.all()[0].context.trace_id, "032x")
    assert line["status"] == 404


def test_an_answer_of_five_hundred_is_a_failure(spans: Spans) -> None:
    def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse(status=503)

    request = HttpRequest()
    request.method, request.path = "POST", "/stores"
    TracingMiddleware(view)(request)

    assert spans.one("POST").status.description == "503"


def test_without_traces_the_middleware_is_not_part_of_the_chain() -> None:
    with tracing.recorded_by(None), pytest.raises(MiddlewareNotUsed):
        TracingMiddleware(lambda _: HttpResponse())
