"""Stored objects as a client of a certain version sees them."""

from .jsontypes import Json, encode
from .resources import Resource
from .storage import Entry

# Fields of an event in events.k8s.io/v1, and what they are called where they are stored.
_EVENT_FIELDS = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}


def outward(resource: Resource, obj: Json) -> Json:
    """The object in the version of the resource; shares its parts with the stored one."""
    if obj.get("apiVersion") == resource.api_version:
        return obj
    if resource.group == "events.k8s.io":
        obj = _renamed(obj, {stored: shown for shown, stored in _EVENT_FIELDS.items()})
    return obj | {"apiVersion": resource.api_version}


def inward(resource: Resource, obj: Json) -> Json:
    """What a client sent, in the version that is stored."""
    if resource.group == "events.k8s.io":
        return _renamed(obj, _EVENT_FIELDS) | {"apiVersion": "v1"}
    return obj


def _renamed(obj: Json, names: dict[str, str]) -> Json:
    return {names.get(key, key): value for key, value in obj.items()}


def raw(resource: Resource, entry: Entry) -> bytes:
    """The same as JSON text, without writing it anew when it is stored like that."""
    if entry.obj["apiVersion"] == resource.api_version:
        return entry.raw
    return encode(outward(resource, entry.obj))


def list_item(resource: Resource, entry: Entry) -> bytes:
    """An item of a list: the built-in kinds leave out kind and apiVersion there, custom ones don't."""
    text = raw(resource, entry)
    if resource.custom:
        return text
    head = encode({"kind": resource.kind, "apiVersion": resource.api_version})
    return b"{" + text[len(head) :] if text.startswith(head[:-1] + b",") else text


def bookmark(resource: Resource, revision: int) -> Json:
    """An object that carries nothing but a version."""
    return {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(revision)},
    }
