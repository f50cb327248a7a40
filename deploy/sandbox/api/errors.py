"""Errors as a Kubernetes API server answers them: ``Status`` objects with a code, a reason and details.

The wording follows apimachinery's ``pkg/api/errors`` and ``pkg/util/validation/field``, because
clients (kubectl, Helm, client libraries) and people match on it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from .jsontypes import Json


class Named(Protocol):
    """What an error needs to know of a resource to name it."""

    @property
    def group(self) -> str: ...
    @property
    def plural(self) -> str: ...
    @property
    def kind(self) -> str: ...


class ApiError(Exception):
    """A refusal with everything a ``Status`` object tells."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> Json:
        """The ``Status`` object of this error."""
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details:
            body["details"] = self.details
        return body | {"code": self.code}


_CAUSE_WORDS = {
    "FieldValueRequired": "Required value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueTypeInvalid": "Invalid value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueNotFound": "Not found",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
}
_WITHOUT_VALUE = {"FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong"}


OMITTED = object()
"""The value of a cause that doesn't show it."""


@dataclass(frozen=True)
class Cause:
    """One field that is wrong, and why."""

    field: str
    reason: str
    detail: str = ""
    value: Any = None

    @property
    def message(self) -> str:
        """The sentence without the field, as it stands in ``details.causes``."""
        words = _CAUSE_WORDS.get(self.reason, self.reason)
        if self.reason not in _WITHOUT_VALUE and self.value is not OMITTED:
            words = f"{words}: {quoted(self.value)}"
        return f"{words}: {self.detail}" if self.detail else words

    def as_detail(self) -> Json:
        """The entry of ``details.causes``."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


Causes = list[Cause]


def quoted(value: Any) -> str:
    """A value as Go's field errors print it: strings quoted, objects as JSON."""
    if value is None:
        return '"null"'
    if isinstance(value, bool | str | dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def required(field: str, detail: str = "") -> Cause:
    """A field that must be there is not."""
    return Cause(field, "FieldValueRequired", detail)


def invalid_value(field: str, value: Any, detail: str) -> Cause:
    """A field holds what it must not hold."""
    return Cause(field, "FieldValueInvalid", detail, value)


def forbidden_field(field: str, detail: str) -> Cause:
    """A field may not be set, or may not change."""
    return Cause(field, "FieldValueForbidden", detail)


def duplicate(field: str, value: Any) -> Cause:
    """A second item with the same identity."""
    return Cause(field, "FieldValueDuplicate", "", value)


def unsupported(field: str, value: Any, supported: Iterable[Any]) -> Cause:
    """A value outside an enumeration."""
    listed = ", ".join(quoted(item) for item in supported)
    return Cause(field, "FieldValueNotSupported", f"supported values: {listed}" if listed else "", value)


def too_long(field: str, limit: int) -> Cause:
    """A text of more than the allowed number of bytes."""
    return Cause(field, "FieldValueTooLong", f"may not be more than {limit} bytes")


def _qualified(name: str, group: str) -> str:
    return f"{name}.{group}" if group else name


def _details(name: str, group: str, kind: str, **more: Any) -> Json:
    pairs = {"name": name, "group": group, "kind": kind} | more
    return {key: value for key, value in pairs.items() if value}


def not_found(resource: Named, name: str) -> ApiError:
    """404: no such object."""
    message = f'{_qualified(resource.plural, resource.group)} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(name, resource.group, resource.plural))


def no_such_path() -> ApiError:
    """404: no such resource or path at all."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: Named, name: str, *, terminating: bool = False) -> ApiError:
    """409: the name is taken, perhaps by an object that is on its way out."""
    message = f'{_qualified(resource.plural, resource.group)} "{name}" already exists'
    if terminating:
        message = f"object is being deleted: {message}"
    return ApiError(409, "AlreadyExists", message, _details(name, resource.group, resource.plural))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(resource: Named, name: str, why: str = MODIFIED) -> ApiError:
    """409: the object is not what the caller believes it to be."""
    where = _qualified(resource.plural, resource.group)
    message = f'Operation cannot be fulfilled on {where} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(name, resource.group, resource.plural))


def invalid(group: str, kind: str, name: str, causes: list[Cause]) -> ApiError:
    """422: one or more fields are wrong."""
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    summary = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = _details(name, group, kind, causes=[cause.as_detail() for cause in causes])
    return ApiError(422, "Invalid", f'{_qualified(kind, group)} "{name}" is invalid: {summary}', details)


def forbidden(resource: Named, name: str, why: str, causes: list[Json] | None = None) -> ApiError:
    """403: an admission rule says no."""
    where = _qualified(resource.plural, resource.group)
    message = f'{where} "{name}" is forbidden: {why}' if name else f"{where} is forbidden: {why}"
    return ApiError(403, "Forbidden", message, _details(name, resource.group, resource.plural, causes=causes))


class Asked(Protocol):
    """What an error needs to know of a request to say that it is not allowed."""

    @property
    def verb(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def combined(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...


def unauthorized() -> ApiError:
    """401: nobody knows who asks."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden_request(user: str, asked: Asked, reason: str = "") -> ApiError:
    """403: no role allows it."""
    more = f": {reason}" if reason else ""
    if asked.path:
        message = f'forbidden: User {quoted(user)} cannot {asked.verb} path "{asked.path}"{more}'
        return ApiError(403, "Forbidden", message, {})
    place = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    what = f'{asked.verb} resource "{asked.combined}" in API group "{asked.group}"'
    where = _qualified(asked.resource, asked.group)
    subject = f'{where} "{asked.name}"' if asked.name else where
    message = f"{subject} is forbidden: User {quoted(user)} cannot {what} {place}{more}"
    return ApiError(403, "Forbidden", message, _details(asked.name, asked.group, asked.resource))


def bad_request(message: str) -> ApiError:
    """400: the request itself makes no sense."""
    return ApiError(400, "BadRequest", message)


def expired(message: str) -> ApiError:
    """410: the asked-for version is older than the history that is kept."""
    return ApiError(410, "Expired", message)


def method_not_allowed(resource: Named, verb: str) -> ApiError:
    """405: the resource has no such verb."""
    where = _qualified(resource.plural, resource.group)
    message = f'{verb} is not supported on resources of kind "{where}"'
    details = _details("", resource.group, resource.plural)
    return ApiError(405, "MethodNotAllowed", message, details)


def unsupported_media_type(accepted: Iterable[str]) -> ApiError:
    """415: a body in a format that the resource does not take."""
    listed = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {listed}"
    return ApiError(415, "UnsupportedMediaType", message)


def not_acceptable(accepted: Iterable[str]) -> ApiError:
    """406: an answer is wanted in a format that is not spoken here."""
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return ApiError(406, "NotAcceptable", message)
