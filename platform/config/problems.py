"""Errors as RFC 9457 problem documents: `{type, title, status, detail, request_id, errors?}`.

`type` is a reason that never changes its meaning (`config.problem_types`). `detail` is one sentence for a person.
`errors` names fields by their path. Nothing of an unexpected exception is shown.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from config.problem_types import PREFIX, PROBLEM_TYPES
from config.refusals import Refused
from config.request_id import request_id_of

CONTENT_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Problem:
    """One problem document before it is written down; `errors` are pairs of field path and sentence."""

    status: int
    reason: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def document(self, request: object) -> dict[str, Any]:
        """The JSON body for this request."""
        known = PROBLEM_TYPES.get(self.reason)
        title = known.title if known else HTTPStatus(self.status).phrase
        body: dict[str, Any] = {
            "type": PREFIX + self.reason,
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "instance": getattr(request, "path", ""),
            "request_id": request_id_of(request),
            **self.extra,
        }
        if self.errors:
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        return body


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's handler: every exception of a view becomes a problem document."""
    request = context.get("request")
    set_rollback()
    problem = problem_of(exc)
    if problem is None:
        log.error("unexpected error", exc_info=exc, view=type(context.get("view")).__name__)
        problem = Problem(500, "internal", "Something went wrong here; the log tells more under this request id.")
    # The page for a browser is HTML around the document; everyone else gets the document itself.
    page = getattr(getattr(request, "accepted_renderer", None), "format", "") == "api"
    return Response(
        problem.document(request),
        status=problem.status,
        headers=_headers_of(exc),
        content_type=None if page else CONTENT_TYPE,
    )


def problem_of(exc: Exception) -> Problem | None:
    """The problem that an exception means, or None for one that nobody foresaw."""
    if isinstance(exc, Refused):
        errors = ((exc.field, exc.message),) if exc.field else ()
        return Problem(exc.status, exc.reason, exc.message, errors, exc.extra)
    if isinstance(exc, Http404):
        return Problem(404, "not-found", "There is nothing of that name, or it isn't yours to see.")
    if isinstance(exc, DjangoPermissionDenied):
        return Problem(403, "permission-denied", str(exc) or "You may not do this.")
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(exc)
    if isinstance(exc, exceptions.APIException):
        return Problem(exc.status_code, _reason_of(exc), _sentence(exc.detail))
    return None


def _invalid(exc: exceptions.ValidationError) -> Problem:
    errors = tuple(_flatten(exc.detail))
    named = [message if not path else f"{path}: {message}" for path, message in errors]
    return Problem(400, "invalid", " ".join(named), tuple(pair for pair in errors if pair[0]))


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Pairs of field path and message; a path is written `a.b.0`, and "" stands for the whole body."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            part = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(filter(None, (path, part))))
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _flatten(value, ".".join(filter(None, (path, str(index)))) if nested else path)
    else:
        yield path, str(detail)


def _reason_of(exc: exceptions.APIException) -> str:
    if isinstance(exc, exceptions.PermissionDenied) and str(exc.detail).startswith("CSRF Failed"):
        return "csrf-failed"
    by_class = {
        exceptions.ParseError: "malformed",
        exceptions.NotAuthenticated: "not-authenticated",
        exceptions.AuthenticationFailed: "not-authenticated",
        exceptions.PermissionDenied: "permission-denied",
        exceptions.NotFound: "not-found",
        exceptions.MethodNotAllowed: "method-not-allowed",
        exceptions.NotAcceptable: "not-acceptable",
        exceptions.UnsupportedMediaType: "unsupported-media-type",
        exceptions.Throttled: "too-many-requests",
    }
    return by_class.get(type(exc), str(exc.default_code).replace("_", "-"))


def _sentence(detail: Any) -> str:
    return " ".join(message for _, message in _flatten(detail))


def _headers_of(exc: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait = getattr(exc, "wait", None) or getattr(exc, "retry_after", None)
    if wait:
        headers["Retry-After"] = str(int(wait))
    return headers


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem outside DRF: JSON, or a small page when a browser asked for one."""
    document = problem.document(request)
    if "text/html" in request.headers.get("Accept", ""):
        page = render_to_string("config/problem.html", {"problem": document})
        return HttpResponse(page, status=problem.status)
    return HttpResponse(json.dumps(document), status=problem.status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler400`: what Django itself refuses, such as an unknown Host header."""
    return problem_response(request, Problem(400, "malformed", "The request can't be served as it was sent."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler403`."""
    return problem_response(request, Problem(403, "permission-denied", "You may not do this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler404`."""
    return problem_response(request, Problem(404, "not-found", f"There is nothing at {request.path}."))


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: Django has logged the exception already."""
    detail = "Something went wrong here; the log tells more under this request id."
    return problem_response(request, Problem(500, "internal", detail))
