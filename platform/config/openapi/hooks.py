"""What drf-spectacular calls before and after it makes the document (`SPECTACULAR_SETTINGS`)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from config.openapi import examples, problems

Endpoint = tuple[str, str, str, Callable[..., Any]]
Schema = dict[str, Any]

_SENTENCE = re.compile(r"[.;:]\s")
_HEADERS: Schema = {
    "X-Request-Id": {
        "description": "The id of the request: yours, when you sent a sane one.",
        "schema": {"type": "string", "maxLength": 64},
    },
    "RateLimit": {
        "description": 'How many requests are left, and in how many seconds there are more: `"small";r=1199;t=60`.',
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "Location": {"description": "Where the result can be followed.", "schema": {"type": "string", "format": "uri"}},
}


def without_slashes(endpoints: list[Endpoint]) -> list[Endpoint]:
    """The form of each path that docs and links use; both are served."""
    return [(path.rstrip("/") or "/", regex, method, callback) for path, regex, method, callback in endpoints]


def complete(result: Schema, **_kwargs: Any) -> Schema:
    """Add summaries, problems, headers and examples to each operation."""
    components = result["components"]
    components["schemas"]["Problem"] = problems.PROBLEM_SCHEMA
    components["headers"], components["examples"] = _HEADERS, problems.EXAMPLES
    for path, method, operation in operations(result):
        operation.setdefault("summary", _summary(operation))
        _only_json(operation)
        for code, response in problems.responses(path, method, operation).items():
            operation["responses"].setdefault(code, response)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        _add_headers(operation)
        examples.add(operation)
    return result


def operations(result: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Path, method and operation of each endpoint."""
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _summary(operation: Schema) -> str:
    """The first clause of the description: what a list of endpoints has room for."""
    return _SENTENCE.split(operation.get("description", "").replace("\n", " ") + " ")[0].rstrip(". ")


def _only_json(operation: Schema) -> None:
    """Forms are read too, since browsers send them; a program has one way to say a thing."""
    content = operation.get("requestBody", {}).get("content", {})
    for kind in [kind for kind in content if kind != "application/json"]:
        del content[kind]


def _add_headers(operation: Schema) -> None:
    secured = bool(operation.get("security"))
    for code, response in operation["responses"].items():
        names = ["X-Request-Id"]
        if secured and code not in ("401", "500"):
            names.append("RateLimit")
        if secured and code in ("429", "503"):
            names.append("Retry-After")
        if code in ("201", "202"):
            names.append("Location")
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
