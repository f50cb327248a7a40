"""Small checks that several kinds share."""

from collections.abc import Iterable
from typing import Any

from ..errors import Causes, invalid_value, required
from ..jsontypes import Json
from ..metadata import check_key
from ..selectors import label_selector_matches

NOT_NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


def not_negative(obj: Json, path: str, *fields: str) -> Causes:
    """Counts that may not be below zero."""
    return [invalid_value(f"{path}.{field}", obj[field], NOT_NEGATIVE) for field in fields if (obj.get(field) or 0) < 0]


def unchanged(new: Any, old: Any, field: str, detail: str = IMMUTABLE) -> Causes:
    """A value that may not change."""
    return [] if new == old else [invalid_value(field, new if new is not None else "", detail)]


def check_selector(spec: Json, path: str = "spec") -> Causes:
    """A workload's selector must be there, not be empty, and match the labels of its own template."""
    selector = spec.get("selector")
    if selector is None:
        return [required(f"{path}.selector")]
    causes = check_label_selector(selector, f"{path}.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        causes.append(invalid_value(f"{path}.selector", selector, "empty selector is invalid for deployment"))
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not causes and not label_selector_matches(selector, labels):
        field = f"{path}.template.metadata.labels"
        causes.append(invalid_value(field, labels, "`selector` does not match template `labels`"))
    return causes


def check_label_selector(selector: Json, path: str) -> Causes:
    """The form of a LabelSelector."""
    causes: Causes = []
    for key in selector.get("matchLabels") or {}:
        causes += check_key(key, f"{path}.matchLabels")
    for index, rule in enumerate(selector.get("matchExpressions") or ()):
        where, operator = f"{path}.matchExpressions[{index}]", rule.get("operator")
        if operator in {"In", "NotIn"} and not rule.get("values"):
            causes.append(required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
        elif operator not in {"In", "NotIn", "Exists", "DoesNotExist"}:
            causes.append(invalid_value(f"{where}.operator", operator or "", "not a valid selector operator"))
    return causes


def default_all(obj: Json, defaults: Iterable[tuple[str, Any]]) -> None:
    """Fills in fields that are missing."""
    for field, value in defaults:
        obj.setdefault(field, value)
