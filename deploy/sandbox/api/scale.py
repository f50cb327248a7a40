"""The scale subresource: a workload's replica count as an ``autoscaling/v1`` Scale."""

from dataclasses import dataclass
from typing import Any

from .errors import Causes, bad_request, invalid, invalid_value
from .jsontypes import Json, clone, dig
from .selectors import format_label_selector


@dataclass(frozen=True)
class ScalePaths:
    """Where a kind keeps what its scale shows; a custom kind's definition says it."""

    wanted: tuple[str, ...] = ("spec", "replicas")
    actual: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] | None = None


def scale_of(obj: Json, paths: ScalePaths) -> Json:
    """The Scale of an object."""
    metadata = {
        key: clone(obj["metadata"][key])
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in obj["metadata"]
    }
    spec = {"replicas": dig(obj, *paths.wanted)} if dig(obj, *paths.wanted) else {}
    status: Json = {"replicas": dig(obj, *paths.actual, default=0)}
    if paths.selector:
        selector = dig(obj, *paths.selector, default="")
    else:
        selector = format_label_selector(dig(obj, "spec", "selector"))
    if selector:
        status["selector"] = selector
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def scaled(obj: Json, scale: Any, paths: ScalePaths) -> Json:
    """The object with the replica count of a Scale; raises 400 or 422 when that is not one."""
    if not isinstance(scale, dict) or scale.get("kind", "Scale") != "Scale":
        raise bad_request("the object provided is unrecognized (must be of type Scale)")
    replicas = dig(scale, "spec", "replicas", default=0)
    causes: Causes = []
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request('Scale in version "v1" cannot be handled as a Scale: spec.replicas must be a number')
    if replicas < 0:
        causes.append(invalid_value("spec.replicas", replicas, "must be greater than or equal to 0"))
    if causes:
        raise invalid("autoscaling", "Scale", obj["metadata"]["name"], causes)
    changed = clone(obj)
    place = changed
    for part in paths.wanted[:-1]:
        place = place.setdefault(part, {})
    place[paths.wanted[-1]] = replicas
    sent = scale.get("metadata") or {}
    for field in ("resourceVersion", "uid"):
        if sent.get(field):
            changed["metadata"][field] = sent[field]
        else:
            changed["metadata"].pop(field, None)
    return changed
