"""What can go wrong when the cluster is asked for something, sorted once.

Every error carries one sentence for people and never the body of a request: a Secret must not end in a log.
The rules follow the API conventions of Kubernetes for `Status` objects
(https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

_LONGEST_MESSAGE = 500
_DEFAULT_RETRY_AFTER = 1.0
# What API servers say, with code 500, to an applied object with a field that its kind doesn't have.
_UNTYPED_PATCH = "failed to create typed patch object"
# How RBAC's refusals go on after what was asked for, and what admission says before it has read its objects.
_NO_ROLE, _JUST_STARTED = 'is forbidden: User "', "is forbidden: not yet ready to handle request"
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 400, 401, 403, 404, 409
_GONE, _TOO_MANY, _SERVER_ERROR = 410, 429, 500


class ClusterError(Exception):
    """The base of all. `code` is the HTTP status (0 when there was no answer), `reason` Kubernetes' own word."""

    passing: ClassVar[bool] = False
    """Whether the very same request may succeed later, with nothing changed by us."""

    def __init__(self, message: str, *, code: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.reason = message, code, reason


class NotFound(ClusterError):
    """The object, its namespace or its kind is not there."""


class Conflict(ClusterError):
    """Someone else changed the object, or owns the field; look again, then decide."""

    passing = True


class AlreadyExists(ClusterError):
    """An object of that name is there."""


class Invalid(ClusterError):
    """The API server will never accept this object or request."""


class Forbidden(ClusterError):
    """Not allowed: permissions, Pod Security or another admission rule."""


class AccessDenied(Forbidden):
    """The API server doesn't know us, or no role that lets us: for good, or as long as it has only just started.

    It answers before it has read tokens and roles, with 401 and with RBAC's 403 (kubernetes#65785, #121635).
    """


class QuotaExceeded(Forbidden):
    """A ResourceQuota of the namespace is used up."""


class Terminating(Forbidden):
    """The namespace is going away, so nothing new can be made in it; wait until it is gone."""

    passing = True


class Expired(ClusterError):
    """The resourceVersion or continue token is too old: list again."""

    passing = True


class Throttled(ClusterError):
    """The API server asks for patience of `retry_after` seconds."""

    passing = True

    def __init__(self, message: str, *, retry_after: float, code: int = 429, reason: str = "TooManyRequests") -> None:
        super().__init__(message, code=code, reason=reason)
        self.retry_after = retry_after


class Unavailable(ClusterError):
    """No answer, no connection, or an internal error of the API server."""

    passing = True


class Unconfigured(ClusterError):
    """This process has not been told which cluster to speak to."""


def status_error(
    code: int, body: bytes, headers: Mapping[str, str], *, asked: str, secret: bool = False
) -> ClusterError:
    """The error for an answer that is not 2xx. `asked` says what was asked: `apply Deployment "backend"`.

    `secret` keeps the server's own words out of the message, since they may quote a value of the object.
    """
    status = _status_of(body)
    reason = str(status.get("reason") or "")
    said = f"{reason or 'no reason given'}" if secret else _one_line(status.get("message") or reason or f"HTTP {code}")
    message = f"The cluster refused to {asked}: {said}"
    if code == _TOO_MANY or (code >= _SERVER_ERROR and "Retry-After" in headers):
        return Throttled(
            f"The cluster is busy and could not {asked} now: {said}",
            retry_after=_seconds(headers.get("Retry-After", "")),
            code=code,
            reason=reason or "TooManyRequests",
        )
    if code >= _SERVER_ERROR and _UNTYPED_PATCH not in str(status.get("message")):
        return Unavailable(f"The cluster failed to {asked}: {said}", code=code, reason=reason)
    return _refusal(code, reason, status)(message, code=code, reason=reason)


def event_error(status: Mapping[str, Any], *, asked: str) -> ClusterError:
    """The error for an ERROR event inside a watch, whose object is a `Status`."""
    return status_error(int(status.get("code") or _SERVER_ERROR), json.dumps(status).encode(), {}, asked=asked)


def _refusal(code: int, reason: str, status: Mapping[str, Any]) -> type[ClusterError]:
    if code == _FORBIDDEN:
        return _forbidden(status)
    if code == _CONFLICT:
        return AlreadyExists if reason == "AlreadyExists" else Conflict
    sorted_by_code: dict[int, type[ClusterError]] = {_NOT_FOUND: NotFound, _GONE: Expired, _UNAUTHORIZED: AccessDenied}
    if code == _BAD_REQUEST and reason == "Expired":
        return Expired
    return sorted_by_code.get(code, Invalid)


def _forbidden(status: Mapping[str, Any]) -> type[ClusterError]:
    message = str(status.get("message", ""))
    causes = (status.get("details") or {}).get("causes") or []
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        return Terminating
    told: dict[str, type[ClusterError]] = {
        "exceeded quota": QuotaExceeded,
        _NO_ROLE: AccessDenied,
        _JUST_STARTED: Unavailable,
    }
    return next((kind for words, kind in told.items() if words in message), Forbidden)


def _status_of(body: bytes) -> dict[str, Any]:
    """The `Status` object of an answer; a proxy's HTML page or a cut-off body count as none."""
    try:
        status = json.loads(body)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _seconds(retry_after: str) -> float:
    """Retry-After in seconds; the date form of RFC 9110 is not used by API servers."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return _DEFAULT_RETRY_AFTER


def _one_line(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
