"""The little of Kubernetes' schemas that a comparison needs: how lists and maps of our kinds are merged.

From the `x-kubernetes-list-type`, `-list-map-keys` and `-map-type` of the published OpenAPI (1.36), for the kinds that
stores consist of. Fields are told by name, since no two of them of one name differ in this; `Service.spec.ports` and a
container's `ports`, which do, are told by where they stand.
"""

from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Any]
Key = tuple[tuple[str, Any], ...]

KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "hostAliases": ("ip",),
    "ownerReferences": ("uid",),
}
"""List fields whose items are told apart by these keys: others may add items, which are not ours to judge."""

_PORTS_OF_SERVICE = ("port", "protocol")
_PORTS_OF_CONTAINER = ("containerPort", "protocol")
KEY_DEFAULTS = {"protocol": "TCP"}

SETS = frozenset({"finalizers"})
"""Lists without order and without doubles: ours must be among them."""

ATOMIC_MAPS = frozenset(
    {"podSelector", "namespaceSelector", "labelSelector", "selector", "nodeSelector"}
    | {"secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef"}
)
"""Maps that are one value: a label more in a NetworkPolicy's `podSelector` changes whom it concerns."""

ATOMIC_KINDS = frozenset({"NetworkPolicy"})
"""Kinds in whose spec no list has keys, so that `ports` stands for one value there."""

ADDED_BY_SERVER = frozenset({"protocol", "volumeMode", "apiVersion", "kind", "status", "creationTimestamp", "optional"})
"""What an API server fills in inside lists and maps that are one value; anything else more there is a difference."""

QUANTITIES = frozenset(
    {"requests", "limits", "hard", "default", "defaultRequest", "max", "min", "maxLimitRequestRatio", "capacity"}
)
"""Maps from a resource's name to a quantity."""

QUANTITY_FIELDS = frozenset({"sizeLimit", "divisor", "storage"})

INT_OR_STRING = frozenset({"port", "targetPort", "maxSurge", "maxUnavailable", "minAvailable"})


def keys_of(field: str, kind: str, items: list[Any]) -> tuple[str, ...]:
    """The keys that tell a list's items apart; empty for a list that is one value."""
    if field != "ports":
        return KEYS.get(field, ())
    if kind in ATOMIC_KINDS:
        return ()
    first = next((item for item in items if isinstance(item, Mapping)), {})
    return _PORTS_OF_CONTAINER if "containerPort" in first else _PORTS_OF_SERVICE


def key_of(item: Item, keys: tuple[str, ...]) -> Key:
    """The item's key, with the defaults that Kubernetes gives to fields of a key."""
    return tuple((key, item.get(key, KEY_DEFAULTS.get(key))) for key in keys)


def is_quantity(path: tuple[str, ...]) -> bool:
    """Whether a quantity stands at the end of the path (names of fields)."""
    return path[-1] in QUANTITY_FIELDS or (len(path) > 1 and path[-2] in QUANTITIES)
