"""The parts of the OpenAPI document that hold for every address: problems, identity, paths without a slash."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

Endpoint = tuple[str, str, str, Callable[..., Any]]

_TEXTS = {
    "400": "A value or the body can't be used; `errors` names the fields.",
    "401": "Nobody is logged in, and no trusted proxy vouches for anyone.",
    "403": "The caller's role or the plan's limit doesn't allow it.",
    "404": "There is nothing of that name, or it isn't the caller's to see.",
    "409": "The name is taken, or the store's state doesn't allow it.",
    "503": "The queue is full, or the cluster doesn't answer; `Retry-After` says when to ask again.",
}
_ALSO_BUSY = {("/stores", "post"), ("/stores/{name}/credentials", "get")}
_ALSO_CONFLICT = {("/stores/{name}/credentials", "get")}
_CHANGES = ("post", "patch", "delete")

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457. `type` is `urn:storeplane:problem:` and a stable reason (docs/api.md lists them).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:storeplane:problem:name-taken"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "limit": {"type": "integer", "description": "With `quota-exceeded`: what the plan allows."},
        "used": {"type": "integer", "description": "With `quota-exceeded`: what is used."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


class UserHeaderScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How `X-User-Id` is told."""

    target_class = "tenants.authentication.UserHeaderAuthentication"
    name = "userHeader"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A header, with the rule under which it counts."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-User-Id",
            "description": "Believed from a listed proxy only, and only where STOREPLANE_TRUST_USER_HEADER is on.",
        }


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How bearer tokens are told."""

    target_class = "tenants.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """RFC 6750."""
        return {"type": "http", "scheme": "bearer", "description": "A token from `POST /tokens`, or from the admin."}


def without_slashes(endpoints: list[Endpoint]) -> list[Endpoint]:
    """The form of each path that docs and links use; both are served."""
    return [(path.rstrip("/") or "/", regex, method, callback) for path, regex, method, callback in endpoints]


def with_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add to each operation the problems that it can answer with."""
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for code in _codes(path, method, operation):
                operation["responses"].setdefault(code, _response(code))
    return result


def _codes(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    if not any(operation.get("security", ())):
        return set()
    codes = {"401"}
    if "requestBody" in operation or any(p["in"] == "query" for p in operation.get("parameters", ())):
        codes.add("400")
    if "{" in path:
        codes.add("404")
    if method in _CHANGES:
        codes |= {"403", "409"}
    if (path, method) in _ALSO_CONFLICT:
        codes |= {"403", "409"}
    if (path, method) in _ALSO_BUSY:
        codes.add("503")
    return codes


def _response(code: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _TEXTS[code], "content": {"application/problem+json": {"schema": schema}}}
