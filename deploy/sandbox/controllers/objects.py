"""Reading and building raw Kubernetes objects, with the API conventions in one place."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Obj: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str]

# The alphabet of k8s.io/apimachinery/pkg/util/rand: no vowels, so no bad words in pod names.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def key_of(obj: Obj) -> Key:
    """(namespace, name); the namespace of a cluster-scoped object is the empty string."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def uid_of(obj: Obj) -> str:
    """The uid, which tells an object from a later one of the same name."""
    return str(obj["metadata"].get("uid", ""))


def labels_of(obj: Obj) -> dict[str, str]:
    """The labels, never None."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Obj) -> dict[str, str]:
    """The annotations, never None."""
    return obj["metadata"].get("annotations") or {}


def is_deleting(obj: Obj) -> bool:
    """Whether a delete was asked for and a finalizer or a grace period holds it."""
    return "deletionTimestamp" in obj["metadata"]


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference that is marked as the managing controller."""
    for ref in obj["metadata"].get("ownerReferences") or ():
        if ref.get("controller"):
            found: Obj = ref
            return found
    return None


def owned_by(owner: Obj, api_version: str, kind: str) -> Obj:
    """An owner reference that makes `owner` the managing controller."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def random_suffix(length: int = 5) -> str:
    """A suffix as the API server's generateName makes it."""
    return "".join(random.choices(_ALPHABET, k=length))  # noqa: S311 - a name, not a secret


def content_hash(content: object, length: int = 10) -> str:
    """A stable hash of JSON content in the alphabet of pod-template-hash."""
    number = int.from_bytes(hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()[:8], "big")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)


def now() -> datetime:
    """The time in UTC, cut to the second as in metav1.Time."""
    return datetime.now(UTC).replace(microsecond=0)


def stamp(moment: datetime | None = None) -> str:
    """RFC 3339 with seconds and Z, as the API server writes metav1.Time."""
    return (moment or now()).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """The reverse of `stamp`; also takes fractions of a second."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def seconds_since(text: str) -> float:
    """Seconds from a timestamp until now."""
    return (datetime.now(UTC) - parse_time(text)).total_seconds()


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """LabelSelector semantics: None matches nothing, an empty selector everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    return all(_expression_holds(term, labels) for term in selector.get("matchExpressions") or ())


def _expression_holds(term: Obj, labels: Mapping[str, str]) -> bool:
    name, operator = term["key"], term["operator"]
    values: list[str] = term.get("values") or []
    if operator == "In":
        return labels.get(name) in values
    if operator == "NotIn":
        return labels.get(name) not in values
    return bool((name in labels) == (operator == "Exists"))


def find_condition(conditions: Iterable[Obj] | None, kind: str) -> Obj | None:
    """The condition of this type, if it is there."""
    return next((c for c in conditions or () if c["type"] == kind), None)


def with_condition(conditions: Iterable[Obj] | None, new: Obj) -> list[Obj]:
    """The conditions with `new` in place; lastTransitionTime moves only when the status does."""
    kept = list(conditions or ())
    old = find_condition(kept, new["type"])
    if old is None:
        return [*kept, {"lastTransitionTime": stamp(), **new}]
    moved = old["status"] != new["status"]
    time = stamp() if moved else old.get("lastTransitionTime", stamp())
    return [{"lastTransitionTime": time, **new} if c is old else c for c in kept]


def int_or_percent(value: int | str, total: int, *, round_up: bool) -> int:
    """Resolve an IntOrString such as maxSurge against `total`."""
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * total
    return -(-share // 100) if round_up else share // 100
