"""The span of an HTTP request, beneath the caller's own when that sends a `traceparent` (W3C Trace Context)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import structlog
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from config import tracing
from config.middleware import BothWays
from config.request_id import is_quiet, request_id_of

_FIRST_SERVER_ERROR = 500


class TracingMiddleware(BothWays):
    """Follows `config.request_id` in the chain, whose line for the answer carries the trace's id too."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if not tracing.is_on():
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def call(self, request: HttpRequest) -> HttpResponse:
        with _span(request) as span:
            response: HttpResponse = self.get_response(request)
            _end(request, response, span)
        _bind(span)
        return response

    async def call_async(self, request: HttpRequest) -> HttpResponse:
        with _span(request) as span:
            response: HttpResponse = await self.get_response(request)
            _end(request, response, span)
        _bind(span)
        return response


def _span(request: HttpRequest) -> AbstractContextManager[tracing.Span]:
    if is_quiet(request.path):
        return tracing.NOTHING
    # The path without its query, in which a person may have put anything.
    attributes = {
        "http.request.method": str(request.method),
        "url.path": request.path,
        "storeplane.request_id": request_id_of(request),
    }
    offered = request.headers.get("traceparent", "")
    return tracing.span(str(request.method), attributes, parent=offered, kind="server")


def _end(request: HttpRequest, response: HttpResponse, span: tracing.Span) -> None:
    span.note({"http.response.status_code": response.status_code})
    match = request.resolver_match
    if match is not None:
        span.note({"http.route": match.route})
        span.rename(f"{request.method} {match.view_name or match.route}")
    if response.status_code >= _FIRST_SERVER_ERROR:
        span.fail(str(response.status_code))


def _bind(span: tracing.Span) -> None:
    """For the line that says how the request was answered; the next request clears it."""
    if span.trace_id:
        structlog.contextvars.bind_contextvars(trace_id=span.trace_id)
