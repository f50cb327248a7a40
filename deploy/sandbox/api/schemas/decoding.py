"""Reads what a client sent as the Go API server does: types must fit, unknown fields are dropped and told."""

from datetime import datetime
from typing import Any

from ..errors import bad_request
from ..jsontypes import Json
from ..options import WriteOptions
from ..quantity import canonical, is_quantity
from ..resources import Resource
from .node import Node

_GO_NAMES = {"integer": "int64", "string": "string", "boolean": "bool", "number": "float64"}
_TIMES = {f"io.k8s.apimachinery.pkg.apis.meta.v1.{name}" for name in ("Time", "MicroTime")}
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_QUANTITY_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


class Mismatch(Exception):
    """A value of the wrong JSON type."""


def decode_builtin(resource: Resource, obj: Json, schema: Node, options: WriteOptions) -> None:
    """Drops nulls, empty maps and unknown fields in place.

    Raises 400 for a value of the wrong type, and for unknown fields when validation is strict; otherwise
    unknown fields become warnings.
    """
    unknown: list[str] = []
    try:
        _walk(obj, schema, "", schema.name, unknown)
    except Mismatch as error:
        raise bad_request(f"{_cannot(resource)}: {error}") from error
    report_unknown(resource, unknown, options)


def report_unknown(resource: Resource, unknown: list[str], options: WriteOptions) -> None:
    """Refuses, warns of, or ignores unknown fields, as the request wishes."""
    if not unknown:
        return
    if options.field_validation == "Strict":
        told = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise bad_request(f"{_cannot(resource)}: strict decoding error: {told}")
    if options.field_validation == "Warn":
        options.warnings.extend(f'unknown field "{path}"' for path in unknown)


def _cannot(resource: Resource) -> str:
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'


def _walk(value: Any, node: Node, path: str, owner: str, unknown: list[str]) -> None:
    if node.name == _QUANTITY:
        _check_quantity(value)
    elif node.name in _TIMES and isinstance(value, str):
        _check_time(value)
    elif isinstance(value, dict) and node.type in {"object", ""}:
        if not node.is_open:
            _walk_object(value, node, path, owner, unknown)
    elif isinstance(value, list) and node.type in {"array", ""}:
        for index, item in enumerate(value):
            _walk(item, node.items, f"{path}[{index}]", owner, unknown)
    elif node.type and not _fits(value, node.type):
        raise Mismatch(_go_error(value, node, path, owner))


def _walk_object(value: Json, node: Node, path: str, owner: str, unknown: list[str]) -> None:
    struct = owner if node.is_map else node.name or owner
    for key in list(value):
        place = f"{path}.{key}" if path else key
        child = node.child(key)
        if child is None:
            if not node.preserves:
                unknown.append(place)
                del value[key]
            continue
        if value[key] is None:
            del value[key]
            continue
        _walk(value[key], child, path if node.is_map else place, struct, unknown)
        if child.name == _QUANTITY:
            value[key] = canonical(value[key])
        if value[key] == [] or (value[key] == {} and child.is_map and not child.is_open):
            del value[key]


def _fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return False


def _check_quantity(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not is_quantity(value):
        raise Mismatch(_QUANTITY_RULE)


def _check_time(value: str) -> None:
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        form = "2006-01-02T15:04:05Z07:00"
        raise Mismatch(f'parsing time "{value}" as "{form}": cannot parse "{value}" as "2006"') from None


def _go_error(value: Any, node: Node, path: str, owner: str) -> str:
    plain = "".join(part.split("]")[-1] for part in path.split("["))
    return (
        f"json: cannot unmarshal {_json_name(value)} into Go struct field "
        f"{owner.rsplit('.', 1)[-1]}.{plain} of type {_go_type(node)}"
    )


def _json_name(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, float):
        return f"number {value}"
    if isinstance(value, int):
        return "number"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "string"


def _go_type(node: Node) -> str:
    if node.type == "array":
        return f"[]{_go_type(node.items)}"
    if node.type == "object":
        if node.is_map and node.values is not None:
            return f"map[string]{_go_type(node.values)}"
        return f"v1.{node.name.rsplit('.', 1)[-1]}"
    if node.type == "integer":
        return str(node.raw.get("format") or "int64")
    return _GO_NAMES.get(node.type, node.type)
