"""What admission gives volumes and claims: a default class, and protection while in use."""

from typing import TYPE_CHECKING

from ..jsontypes import Json

if TYPE_CHECKING:
    from ..registry import Registry

_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_PROTECTION = {
    "/persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "/persistentvolumes": "kubernetes.io/pv-protection",
}


def protect(resource_key: str, obj: Json) -> None:
    """Adds the finalizer that keeps a volume until nobody uses it."""
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if _PROTECTION[resource_key] not in finalizers:
        finalizers.append(_PROTECTION[resource_key])


def give_class(registry: "Registry", claim: Json) -> None:
    """Sets the newest default class where a claim names none; an empty name is a name."""
    if "storageClassName" in claim["spec"] or "volume.beta.kubernetes.io/storage-class" in (
        claim["metadata"].get("annotations") or {}
    ):
        return
    classes = [entry.obj for entry in registry.storage.shelf("storage.k8s.io/storageclasses").entries.values()]
    default = [item for item in classes if (item["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"]
    if default:
        newest = max(default, key=lambda item: (item["metadata"]["creationTimestamp"], item["metadata"]["name"]))
        claim["spec"]["storageClassName"] = newest["metadata"]["name"]
