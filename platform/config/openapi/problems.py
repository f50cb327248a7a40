"""Which problems each operation can answer with."""

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from config.problem_types import PREFIX, PROBLEM_TYPES

Operation = dict[str, Any]

_CHANGES = ("post", "patch", "delete")

_ALSO: Mapping[str, tuple[str, ...]] = {
    "stores_create": ("quota-exceeded", "name-taken", "idempotency-key-used", "conflict", "queue-full"),
    "stores_change": ("conflict",),
    "stores_delete": ("conflict",),
    "stores_retry": ("conflict",),
    "stores_reconcile": ("conflict",),
    "stores_credentials": ("permission-denied", "credentials-not-ready", "cluster-unavailable"),
    "drift_rules_create": ("conflict",),
    "drift_rules_delete": ("conflict",),
    "members_add": ("conflict",),
    "members_change": ("conflict",),
    "members_remove": ("conflict",),
}
"""What follows from the operation itself, by its id; the rest follows from its form."""

PROBLEM_SCHEMA = {
    "type": "object",
    "description": f"An error by RFC 9457. `type` is `{PREFIX}` and a reason that never changes its meaning.",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "enum": [PREFIX + reason for reason in PROBLEM_TYPES]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "request_id": {"type": "string", "description": "By this the log, the audit and the events are searched."},
        "limit": {"type": "integer", "description": "With `quota-exceeded`: what the plan allows."},
        "used": {"type": "integer", "description": "With `quota-exceeded`: what is used."},
        "errors": {
            "type": "array",
            "description": "With `invalid` and others that blame a value: which one, and why.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string", "description": "A path such as `name` or `a.b.0`."},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def reasons(path: str, method: str, operation: Operation) -> set[str]:
    """The reasons with which the operation can refuse."""
    if not any(operation.get("security", ())):
        return set()
    found = {"not-authenticated", "not-acceptable", "too-many-requests", "internal", *_ALSO.get(_id(operation), ())}
    if "requestBody" in operation:
        found |= {"invalid", "malformed", "unsupported-media-type", "too-large"}
    if any(parameter["in"] != "path" for parameter in operation.get("parameters", ())):
        found.add("invalid")
    if "{" in path:
        found.add("not-found")
    if method in _CHANGES:
        found |= {"permission-denied", "csrf-failed"}
    return found


def responses(path: str, method: str, operation: Operation) -> dict[str, Any]:
    """The problem responses by status code, each with an example (`EXAMPLES`) for each of its reasons."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for reason in PROBLEM_TYPES:
        if reason in reasons(path, method, operation):
            by_status[PROBLEM_TYPES[reason].status].append(reason)
    return {str(status): _response(status, these) for status, these in by_status.items()}


def _response(status: int, these: list[str]) -> dict[str, Any]:
    told = [f"`{reason}`: {PROBLEM_TYPES[reason].meaning}." for reason in these]
    examples = {reason: {"$ref": f"#/components/examples/{reason}"} for reason in these}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": f"{HTTPStatus(status).phrase}. {' '.join(told)}",
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    }


_DETAILS = {
    "invalid": "name: The name 'Tea Shop' is not a DNS label; use lower-case letters, digits and hyphens.",
    "malformed": "JSON parse error - Expecting value: line 1 column 1 (char 0)",
    "not-authenticated": "Authentication credentials were not provided.",
    "permission-denied": "Only owners and members of the tenant may delete a store; you are a viewer.",
    "quota-exceeded": "Tenant 'ann' has 10 of the 10 stores of its Small plan; delete one or ask for a larger plan.",
    "not-found": "There is nothing of that name, or it isn't yours to see.",
    "name-taken": "The name 'tea-shop' is taken; choose another.",
    "conflict": "The store 'tea-shop' is Ready; only a failed or degraded one can be retried.",
    "too-many-requests": "More than 1200 requests in a minute (the limit 'small'); try again in 12 seconds.",
    "queue-full": "200 stores wait for a slot already, and the limit is 200; try again later.",
}
_MEMBERS: dict[str, dict[str, Any]] = {
    "invalid": {"errors": [{"field": "name", "message": "The name 'Tea Shop' is not a DNS label; …"}]},
    "quota-exceeded": {"limit": 10, "used": 10},
    "name-taken": {"errors": [{"field": "name", "message": "The name 'tea-shop' is taken; choose another."}]},
}


def _example(reason: str) -> dict[str, Any]:
    kind = PROBLEM_TYPES[reason]
    body: dict[str, Any] = {
        "type": PREFIX + reason,
        "title": kind.title,
        "status": kind.status,
        "detail": _DETAILS.get(reason, f"{kind.title}."),
        "instance": "/stores/tea-shop",
        "request_id": "9f637b00def8453dac192cabea6be144",
    }
    return {"value": body | _MEMBERS.get(reason, {})}


EXAMPLES = {reason: _example(reason) for reason in PROBLEM_TYPES}


def _id(operation: Operation) -> str:
    return str(operation.get("operationId", ""))
