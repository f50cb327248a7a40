"""LimitRanges: defaults for containers, and the smallest and largest amounts."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from ..errors import forbidden
from ..jsontypes import Json
from ..quantity import parse
from ..resources import Resource

if TYPE_CHECKING:
    from ..registry import Registry

_NOTE = "kubernetes.io/limit-ranger"


class Limits:
    """Applies the LimitRanges of a namespace to new pods and claims."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def _rules(self, namespace: str) -> list[Json]:
        shelf = self._registry.storage.shelf("/limitranges")
        found = [shelf.entries[key].obj for key in shelf.keys(namespace)]
        return [rule for item in found for rule in (item.get("spec") or {}).get("limits") or ()]

    def fill(self, pod: Json) -> None:
        """Gives containers the default requests and limits they lack, in place, with a note of it."""
        notes = []
        for rule in self._rules(pod["metadata"]["namespace"]):
            if rule.get("type") != "Container":
                continue
            for field, kind in (("initContainers", "init container"), ("containers", "container")):
                for container in pod["spec"].get(field) or ():
                    notes += _fill_container(container, rule, kind)
        if notes:
            pod["metadata"].setdefault("annotations", {})[_NOTE] = f"LimitRanger plugin set: {'; '.join(notes)}"

    def check(self, resource: Resource, obj: Json) -> None:
        """Raises 403 when a pod or a claim is outside of what is allowed."""
        problems: list[str] = []
        for rule in self._rules(obj["metadata"]["namespace"]):
            if resource.key == "/pods":
                problems += _check_pod(obj["spec"], rule)
            elif rule.get("type") == "PersistentVolumeClaim":
                requests = (obj["spec"].get("resources") or {}).get("requests") or {}
                problems += _check_amounts(rule, requests, requests, only_requests=True)
        if problems:
            why = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise forbidden(resource, obj["metadata"].get("name", ""), why)


def _fill_container(container: Json, rule: Json, kind: str) -> list[str]:
    notes = []
    resources = container.setdefault("resources", {})
    for field, source, word in (("requests", "defaultRequest", "request"), ("limits", "default", "limit")):
        given = [name for name in sorted(rule.get(source) or {}) if name not in (resources.get(field) or {})]
        for name in given:
            resources.setdefault(field, {})[name] = rule[source][name]
        if given:
            notes.append(f"{', '.join(given)} {word} for {kind} {container.get('name', '')}")
    return notes


def _check_pod(spec: Json, rule: Json) -> list[str]:
    containers = list(spec.get("containers") or ())
    if rule.get("type") == "Container":
        every = containers + list(spec.get("initContainers") or ())
        amounts = [item.get("resources") or {} for item in every]
        return [text for item in amounts for text in _check_amounts(rule, *_both(item))]
    if rule.get("type") == "Pod":
        amounts = [item.get("resources") or {} for item in containers]
        requests = _total(item.get("requests") or {} for item in amounts)
        limits = _total(item.get("limits") or {} for item in amounts)
        return _check_amounts(rule, requests, limits)
    return []


def _both(resources: Json) -> tuple[Json, Json]:
    return resources.get("requests") or {}, resources.get("limits") or {}


def _total(parts: Iterable[Json]) -> Json:
    total: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, Decimal(0)) + parse(amount)
    return {name: format(amount, "f") for name, amount in total.items()}


def _check_amounts(rule: Json, requests: Json, limits: Json, *, only_requests: bool = False) -> list[str]:
    """The sentences of LimitRanger for each amount that is outside."""
    kind, problems = rule.get("type"), []
    for name, least in (rule.get("min") or {}).items():
        if name not in requests:
            problems.append(f"minimum {name} usage per {kind} is {least}. No request is specified")
        elif parse(requests[name]) < parse(least):
            problems.append(f"minimum {name} usage per {kind} is {least}, but request is {requests[name]}")
    for name, most in (rule.get("max") or {}).items():
        word, amounts = ("request", requests) if only_requests else ("limit", limits)
        if name not in amounts:
            problems.append(f"maximum {name} usage per {kind} is {most}. No limit is specified")
        elif parse(amounts[name]) > parse(most):
            problems.append(f"maximum {name} usage per {kind} is {most}, but {word} is {amounts[name]}")
    for name, ratio in (rule.get("maxLimitRequestRatio") or {}).items():
        if name not in requests or name not in limits or not parse(requests[name]):
            problems.append(f"{name} max limit to request ratio per {kind} is {ratio}, but no request is specified")
        elif parse(limits[name]) / parse(requests[name]) > parse(ratio):
            actual = parse(limits[name]) / parse(requests[name])
            text = f"{name} max limit to request ratio per {kind} is {ratio}, but provided ratio is {actual:f}"
            problems.append(text)
    return problems
