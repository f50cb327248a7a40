"""Label and field selectors: parsed once, matched often."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .errors import bad_request
from .jsontypes import Json, dig
from .resources import Resource

_REQUIREMENT = re.compile(
    r"""\s*(?:
        (?P<absent>!)\s*(?P<absent_key>[^\s,=!()]+)
      | (?P<set_key>[^\s,=!()<>]+)\s+(?P<set_op>in|notin)\s*\((?P<values>[^)]*)\)
      | (?P<key>[^\s,=!()<>]+)\s*(?P<op>==|=|!=|>|<)\s*(?P<value>[^\s,()]*)
      | (?P<present>[^\s,=!()<>]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Requirement:
    """One comma-separated part of a label selector."""

    key: str
    operator: str  # in, notin, exists, absent, gt, lt
    values: frozenset[str] = frozenset()

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether these labels satisfy it."""
        value = labels.get(self.key)
        if self.operator == "in":
            return value in self.values
        if self.operator == "notin":
            return value is None or value not in self.values
        if self.operator == "exists":
            return value is not None
        if self.operator == "absent":
            return value is None
        return self._compare(value)

    def _compare(self, value: str | None) -> bool:
        try:
            wanted, actual = int(next(iter(self.values))), int(value or "")
        except ValueError:
            return False
        return actual > wanted if self.operator == "gt" else actual < wanted


@lru_cache(maxsize=4096)
def parse_labels(text: str) -> tuple[Requirement, ...]:
    """The requirements of a label selector; raises 400 when it cannot be read."""
    found, position = [], 0
    while position < len(text):
        match = _REQUIREMENT.match(text, position)
        if match is None:
            raise bad_request(f"unable to parse requirement: found {text[position:]!r}")
        found.append(_requirement(match))
        position = match.end()
    return tuple(found)


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent_key"], "absent")
    if match["set_op"]:
        values = frozenset(part.strip() for part in match["values"].split(","))
        return Requirement(match["set_key"], match["set_op"], values)
    if match["op"]:
        operator = {"!=": "notin", ">": "gt", "<": "lt"}.get(match["op"], "in")
        return Requirement(match["key"], operator, frozenset([match["value"]]))
    return Requirement(match["present"], "exists")


def labels_of(obj: Json) -> dict[str, str]:
    """An object's labels, never None."""
    labels: dict[str, str] = obj.get("metadata", {}).get("labels") or {}
    return labels


def label_selector_matches(selector: Json | None, labels: dict[str, str]) -> bool:
    """Whether a ``LabelSelector`` object (matchLabels, matchExpressions) matches; None matches nothing."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent"}
    return all(
        Requirement(
            rule["key"], operators.get(rule.get("operator", ""), "in"), frozenset(rule.get("values") or ())
        ).matches(labels)
        for rule in selector.get("matchExpressions") or ()
    )


def format_label_selector(selector: Json | None) -> str:
    """A ``LabelSelector`` as the text that kubectl prints and ``status.selector`` holds."""
    if selector is None:
        return "<none>"
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for rule in selector.get("matchExpressions") or ():
        key, operator, values = rule["key"], rule.get("operator"), ",".join(sorted(rule.get("values") or ()))
        form = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(form.get(operator, f"!{key}"))
    return ",".join(parts) or "<none>"


_FIELDS: dict[str, tuple[str, ...]] = {
    "/pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "/events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "/secrets": ("type",),
    "/namespaces": ("status.phase",),
    "/nodes": ("spec.unschedulable",),
    "apps/replicasets": ("status.replicas",),
    "batch/jobs": ("status.successful",),
    "/services": ("spec.clusterIP", "spec.type"),
}
_SPECIAL: dict[str, Callable[[Json], Any]] = {
    "source": lambda obj: dig(obj, "source", "component") or dig(obj, "reportingComponent"),
    "status.successful": lambda obj: dig(obj, "status", "succeeded", default=0),
    "status.replicas": lambda obj: dig(obj, "status", "replicas", default=0),
    "spec.unschedulable": lambda obj: dig(obj, "spec", "unschedulable", default=False),
    "spec.hostNetwork": lambda obj: dig(obj, "spec", "hostNetwork", default=False),
}


@dataclass(frozen=True)
class FieldTerm:
    """One comma-separated part of a field selector."""

    path: str
    value: str
    equal: bool

    def matches(self, obj: Json) -> bool:
        """Whether the object's field has, or has not, the value."""
        read = _SPECIAL.get(self.path)
        actual = read(obj) if read else dig(obj, *self.path.split("."), default="")
        text = str(actual).lower() if isinstance(actual, bool) else str("" if actual is None else actual)
        return (text == self.value) is self.equal


def parse_fields(text: str, resource: Resource, selectable: tuple[str, ...] = ()) -> tuple[FieldTerm, ...]:
    """The terms of a field selector; raises 400 for a field that the resource does not offer."""
    terms = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if match is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        _check_field(match[1], resource, selectable)
        terms.append(FieldTerm(match[1], match[3], match[2] != "!="))
    return tuple(terms)


def _check_field(path: str, resource: Resource, selectable: tuple[str, ...]) -> None:
    generic = ("metadata.name", "metadata.namespace") if resource.namespaced else ("metadata.name",)
    special = _FIELDS.get(resource.key)
    if path in generic or path in (special or ()) or path in selectable:
        return
    if special or resource.custom:
        raise bad_request(f"field label not supported: {path}")
    raise bad_request(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')
