"""Validation of custom resources, with the sentences of the API server."""

import re
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from ..errors import Cause, Causes, duplicate, invalid_value, required, too_long, unsupported
from ..jsontypes import encode
from ..schemas.node import Node

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_QUANTIFIERS = ("allOf", "anyOf", "oneOf", "not")


def check(value: Any, node: Node, path: str) -> Causes:
    """Everything that is wrong with a value and what is in it."""
    raw = node.raw
    if value is None:
        return [] if raw.get("nullable") or not node.type else [_wrong_type(value, node.type, path)]
    if raw.get("x-kubernetes-int-or-string"):
        fits = isinstance(value, int | str) and not isinstance(value, bool)
        return [] if fits else [_wrong_type(value, "integer or string", path)]
    if node.type and not _fits(value, node.type):
        return [_wrong_type(value, node.type, path)]
    causes: Causes = []
    if "enum" in raw and value not in raw["enum"]:
        causes.append(unsupported(path, value, raw["enum"]))
    if isinstance(value, str):
        causes += _check_text(value, node, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        causes += _check_number(value, node, path)
    elif isinstance(value, list):
        causes += _check_list(value, node, path)
    elif isinstance(value, dict):
        causes += _check_object(value, node, path)
    return causes + _check_quantifiers(value, node, path)


def _fits(value: Any, kind: str) -> bool:
    if kind in {"integer", "number"} and isinstance(value, bool):
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))


def _wrong_type(value: Any, kind: str, path: str) -> Cause:
    actual = "null"
    if value is not None:
        names = {bool: "boolean", str: "string", int: "integer", float: "number", dict: "object", list: "array"}
        actual = names[type(value)]
    detail = f'{path} in body must be of type {kind}: "{actual}"'
    return Cause(path, "FieldValueTypeInvalid", detail, actual)


@lru_cache(maxsize=512)
def pattern(text: str) -> re.Pattern[str]:
    """A compiled pattern; Go's RE2 and Python agree on what definitions commonly use."""
    return re.compile(text.replace(r"\z", r"\Z"))


def _check_text(value: str, node: Node, path: str) -> Causes:
    raw, causes = node.raw, list[Cause]()
    if len(value) > raw.get("maxLength", len(value)):
        causes.append(too_long(path, raw["maxLength"]))
    if len(value) < raw.get("minLength", 0):
        causes.append(invalid_value(path, value, f"{path} in body should be at least {raw['minLength']} chars long"))
    if "pattern" in raw and not pattern(raw["pattern"]).search(value):
        causes.append(invalid_value(path, value, f"{path} in body should match '{raw['pattern']}'"))
    if "format" in raw and not _has_format(value, raw["format"]):
        detail = f'{path} in body must be of type {raw["format"]}: "{value}"'
        causes.append(invalid_value(path, value, detail))
    return causes


def _has_format(value: str, name: str) -> bool:
    try:
        if name in {"date-time", "datetime"}:
            datetime.fromisoformat(value.replace("Z", "+00:00"))
        elif name == "date":
            datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 - only its form matters
        elif name in {"ipv4", "ipv6"}:
            return ip_address(value).version == int(name[-1])
    except ValueError:
        return False
    forms = {
        "email": r"[^@\s]+@[^@\s]+",
        "uri": r"[a-zA-Z][a-zA-Z0-9+.-]*:.+|/.*",
        "hostname": r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?",
        "uuid": r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
    }
    return name not in forms or re.fullmatch(forms[name], value) is not None


def _check_number(value: float, node: Node, path: str) -> Causes:
    raw, causes = node.raw, list[Cause]()
    low, high = raw.get("minimum"), raw.get("maximum")
    if low is not None and (value <= low if raw.get("exclusiveMinimum") else value < low):
        bound = "greater than" if raw.get("exclusiveMinimum") else "greater than or equal to"
        causes.append(invalid_value(path, value, f"{path} in body should be {bound} {low}"))
    if high is not None and (value >= high if raw.get("exclusiveMaximum") else value > high):
        bound = "less than" if raw.get("exclusiveMaximum") else "less than or equal to"
        causes.append(invalid_value(path, value, f"{path} in body should be {bound} {high}"))
    step = raw.get("multipleOf")
    if step and value % step:
        causes.append(invalid_value(path, value, f"{path} in body should be a multiple of {step}"))
    return causes


def _check_list(value: list[Any], node: Node, path: str) -> Causes:
    raw, causes = node.raw, list[Cause]()
    if len(value) > raw.get("maxItems", len(value)):
        causes.append(_too_many(path, len(value), raw["maxItems"]))
    if len(value) < raw.get("minItems", 0):
        causes.append(invalid_value(path, len(value), f"{path} in body should have at least {raw['minItems']} items"))
    for index, item in enumerate(value):
        causes += check(item, node.items, f"{path}[{index}]")
    return causes + _check_unique(value, node, path)


def _check_unique(value: list[Any], node: Node, path: str) -> Causes:
    """Items of sets and list-maps must differ in what identifies them."""
    if node.list_type not in {"set", "map"} and not node.raw.get("uniqueItems"):
        return []
    seen, causes = set[bytes](), list[Cause]()
    for index, item in enumerate(value):
        shown = item
        if node.list_type == "map" and isinstance(item, dict):
            shown = {key: item.get(key, node.key_default(key)) for key in node.map_keys}
        text = encode(shown)
        if text in seen:
            causes.append(duplicate(f"{path}[{index}]", shown))
        seen.add(text)
    return causes


def _too_many(path: str, count: int, most: int) -> Cause:
    return Cause(path, "FieldValueTooMany", f"must have at most {most} items", count)


def _check_object(value: dict[str, Any], node: Node, path: str) -> Causes:
    raw, causes = node.raw, list[Cause]()
    prefix = f"{path}." if path else ""
    causes += [required(f"{prefix}{name}") for name in node.required if name not in value]
    if len(value) > raw.get("maxProperties", len(value)):
        causes.append(_too_many(path, len(value), raw["maxProperties"]))
    if len(value) < raw.get("minProperties", 0):
        detail = f"{path} in body should have at least {raw['minProperties']} properties"
        causes.append(invalid_value(path, len(value), detail))
    for key, item in value.items():
        below = node.child(key)
        if below is not None and (path or key not in {"metadata", "apiVersion", "kind"}):
            causes += check(item, below, f"{prefix}{key}")
    return causes


def _check_quantifiers(value: Any, node: Node, path: str) -> Causes:
    raw, causes = node.raw, list[Cause]()
    if not any(name in raw for name in _QUANTIFIERS):
        return causes
    for below in raw.get("allOf") or ():
        causes += check(value, Node(below, {}), path)
    fitting = {name: _count(value, raw.get(name), path) for name in ("anyOf", "oneOf")}
    if "anyOf" in raw and not fitting["anyOf"]:
        causes.append(invalid_value(path, "", f'"{path}" must validate at least one schema (anyOf)'))
    if "oneOf" in raw and fitting["oneOf"] != 1:
        found = "Found none valid" if not fitting["oneOf"] else f"Found {fitting['oneOf']} valid alternatives"
        causes.append(invalid_value(path, "", f'"{path}" must validate one and only one schema (oneOf). {found}'))
    if "not" in raw and not check(value, Node(raw["not"], {}), path):
        causes.append(invalid_value(path, "", f'"{path}" must not validate the schema (not)'))
    return causes


def _count(value: Any, schemas: list[Any] | None, path: str) -> int:
    return sum(not check(value, Node(schema, {}), path) for schema in schemas or ())
