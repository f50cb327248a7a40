"""One id for each request: taken from `X-Request-Id` when it is sane, made otherwise, and sent back.

It is bound to structlog's context, so that every log line of the request carries it, and it travels on with the
work: into operations, events and the audit.
"""

import re
import time
from typing import Any
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

from config.middleware import BothWays

HEADER = "X-Request-Id"
# Long enough for a UUID or a W3C trace id, and nothing that could break a log line or a header.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
# Asked every few seconds by machines: a line for each would bury the others.
_QUIET_PATHS = ("/health", "/metrics", "/static/", "/assets/")

log = structlog.get_logger("storeplane.http")


def sane_or_new(offered: str | None) -> str:
    """The offered id when it can be used, or a fresh one."""
    if offered and _SANE.fullmatch(offered):
        return offered
    return new_request_id()


def new_request_id() -> str:
    """An id that nobody has, also for a wish that comes by another way than HTTP."""
    return uuid4().hex


def is_quiet(path: str) -> bool:
    """Whether machines ask for it so often that nobody wants to read of it."""
    return path.startswith(_QUIET_PATHS)


def request_id_of(request: Any) -> str:
    """The request's id, or an empty string where the middleware didn't run."""
    return str(getattr(request, "request_id", ""))


class RequestIdMiddleware(BothWays):
    """Binds the id around the rest of the chain, sync or async, and logs one line for each answer."""

    def call(self, request: HttpRequest) -> HttpResponse:
        started = _begin(request)
        response: HttpResponse = self.get_response(request)
        return _end(request, response, started)

    async def call_async(self, request: HttpRequest) -> HttpResponse:
        started = _begin(request)
        response: HttpResponse = await self.get_response(request)
        return _end(request, response, started)


def _begin(request: HttpRequest) -> float:
    request_id = sane_or_new(request.headers.get(HEADER))
    request.request_id = request_id  # type: ignore[attr-defined]
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return time.monotonic()


def _end(request: HttpRequest, response: HttpResponse, started: float) -> HttpResponse:
    response[HEADER] = request_id_of(request)
    if response.status_code >= 500 or not is_quiet(request.path):  # noqa: PLR2004 - server errors
        log.info(
            "answered",
            method=request.method,
            path=request.path,
            status=response.status_code,
            milliseconds=round((time.monotonic() - started) * 1000, 1),
        )
    return response
