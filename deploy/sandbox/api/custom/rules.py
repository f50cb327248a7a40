"""Validation rules in CEL (``x-kubernetes-validations``)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import cel

from ..errors import OMITTED, Cause, Causes
from ..jsontypes import Json
from ..quantity import is_quantity, parse
from ..schemas.node import Node

# Kubernetes' own additions to the language, as far as they are offered here.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "split": lambda text, separator, limit=-1: text.split(separator, limit - 1 if limit > 0 else -1),
    "join": lambda items, separator="": separator.join(items),
    "lowerAscii": lambda text: text.lower(),
    "upperAscii": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "replace": lambda text, old, new, count=-1: text.replace(old, new, count),
    "substring": lambda text, start, end=None: text[start:end],
    "indexOf": lambda value, wanted: value.find(wanted) if isinstance(value, str) else _index(value, wanted),
    "charAt": lambda text, index: text[index : index + 1],
    "find": lambda text, pattern: match[0] if (match := re.search(pattern, text)) else "",
    "findAll": lambda text, pattern: [match[0] for match in re.finditer(pattern, text)],
    "isSorted": lambda items: all(first <= second for first, second in pairwise(items)),
    "sum": sum,
    "isURL": lambda text: re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s]+", text) is not None,
    "isQuantity": is_quantity,
    "isGreaterThan": lambda one, other: parse(one) > parse(other),
    "isLessThan": lambda one, other: parse(one) < parse(other),
    "quantity": lambda text: text,
}
_OPERATORS = re.compile(r"[^A-Za-z]|_|@")
_STANDARD = {
    *("size", "has", "all", "exists", "exists_one", "map", "filter", "contains", "startsWith", "endsWith", "matches"),
    *("int", "uint", "double", "string", "bytes", "bool", "duration", "timestamp", "dyn", "type", "max", "min"),
    *("getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds"),
}


def _index(items: list[Any], wanted: Any) -> int:
    return items.index(wanted) if wanted in items else -1


@lru_cache(maxsize=512)
def compiled(rule: str) -> cel.Program:
    """The program of a rule; raises ValueError when it cannot be compiled or calls what is unknown here."""
    program = cel.compile(rule)
    for name in program.functions():
        if not _OPERATORS.search(name) and name not in _FUNCTIONS and name not in _STANDARD:
            raise ValueError(f"undeclared reference to '{name}' (the sandbox does not offer this function)")
    return program


def uses_old(rule: str) -> bool:
    """Whether a rule compares with the state before."""
    return "oldSelf" in compiled(rule).variables()


@dataclass(frozen=True)
class Place:
    """A value with its schema, its path and its state before (None when there was none)."""

    value: Any
    node: Node
    path: str
    old: Any = None


def check_rules(place: Place) -> Causes:
    """What the rules of a value, and of everything in it, do not allow."""
    causes: Causes = []
    for rule in place.node.raw.get("x-kubernetes-validations") or ():
        cause = _check_rule(place, rule)
        if cause:
            causes.append(cause)
    for below in _below(place):
        causes += check_rules(below)
    return causes


def _below(place: Place) -> Iterator[Place]:
    value, node, old = place.value, place.node, place.old
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for key, item in value.items():
            child = node.child(key)
            if child is not None and (place.path or key not in {"metadata", "apiVersion", "kind"}):
                path = f"{place.path}.{key}" if place.path else key
                yield Place(item, child, path, before.get(key))
    elif isinstance(value, list):
        known = _by_key(old, node) if node.list_type == "map" else {}
        for index, item in enumerate(value):
            yield Place(item, node.items, f"{place.path}[{index}]", known.get(_key(item, node)))


def _by_key(items: Any, node: Node) -> dict[tuple[Any, ...], Any]:
    return {_key(item, node): item for item in items} if isinstance(items, list) else {}


def _key(item: Any, node: Node) -> tuple[Any, ...]:
    return tuple(item.get(key) for key in node.map_keys) if isinstance(item, dict) else ()


def _check_rule(place: Place, rule: Json) -> Cause | None:
    text = rule["rule"]
    if uses_old(text) and place.old is None:
        return None
    context = cel.Context(variables={"self": place.value, "oldSelf": place.old}, functions=_FUNCTIONS)
    field = place.path + (rule.get("fieldPath") or "") if place.path else (rule.get("fieldPath") or "").lstrip(".")
    try:
        if compiled(text).execute(context) is True:
            return None
    except (KeyError, IndexError, RuntimeError, TypeError, ValueError) as error:
        detail = f"{error} evaluating rule: {_message(rule, context)}"
        return Cause(field, "FieldValueInvalid", detail, place.node.type or "object")
    shown = OMITTED if isinstance(place.value, dict | list) else place.value
    return Cause(field, rule.get("reason") or "FieldValueInvalid", _message(rule, context), shown)


def _message(rule: Json, context: cel.Context) -> str:
    if rule.get("messageExpression"):
        try:
            text = compiled(rule["messageExpression"]).execute(context)
            if isinstance(text, str) and text.strip():
                return text
        except (KeyError, IndexError, RuntimeError, TypeError, ValueError):
            pass  # as a real server: fall back to the plain message
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}")


def rule_problems(schema: Json, path: str) -> Causes:
    """Rules of a schema that cannot be compiled."""
    causes: Causes = []
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        for field in ("rule", "messageExpression"):
            if not rule.get(field):
                continue
            try:
                compiled(rule[field])
            except ValueError as error:
                where = f"{path}.x-kubernetes-validations[{index}].{field}"
                causes.append(Cause(where, "FieldValueInvalid", f"compilation failed: {error}", rule[field]))
    for name, below in (schema.get("properties") or {}).items():
        causes += rule_problems(below, f"{path}.properties[{name}]")
    for field in ("items", "additionalProperties"):
        if isinstance(schema.get(field), dict):
            causes += rule_problems(schema[field], f"{path}.{field}")
    return causes
