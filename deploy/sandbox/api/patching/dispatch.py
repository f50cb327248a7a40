"""Turns a patch into a new state of an object and hands it to the write path."""

from typing import TYPE_CHECKING, Any

from ..errors import bad_request, conflict, not_found
from ..jsontypes import Json, clone
from ..options import Target, WriteOptions
from ..scale import scale_of
from ..storage import Entry
from .merge import merge_patch
from .operations import json_patch
from .strategic import strategic_merge

if TYPE_CHECKING:
    from ..registry import Registry
    from ..writes import Writer


class Patcher:
    """Applies patches of all four types."""

    def __init__(self, registry: "Registry", writer: "Writer") -> None:
        self._registry = registry
        self._writer = writer

    def patch(self, target: Target, patch: Any, patch_type: str, options: WriteOptions) -> Json:
        """The object after the patch; raises ApiError when it cannot be applied."""
        entry = self._registry.storage.find(target.resource.key, target.namespace, target.name)
        if patch_type == "apply":
            return self._apply(target, entry, patch, options)
        if entry is None:
            raise not_found(target.resource, target.name)
        obj = self._patched(target, entry, patch, patch_type)
        if not isinstance(obj, dict) or not isinstance(obj.get("metadata"), dict):
            raise bad_request("the patch leaves no object behind")
        return self._writer.update(target, obj, options)

    def _patched(self, target: Target, entry: Entry, patch: Any, patch_type: str) -> Json:
        base = clone(self._registry.seen(target.resource, entry.obj))
        if target.subresource == "scale":
            base = scale_of(base, self._registry.customs.scale_paths(target.resource))
        if patch_type == "json":
            return json_patch(base, patch)
        if not isinstance(patch, dict):
            raise bad_request("error decoding patch: a merge patch is an object")
        merged: Json
        if patch_type == "strategic" and target.subresource != "scale":
            merged = strategic_merge(base, patch, self._registry.schema(target.resource))
        else:
            merged = merge_patch(base, patch)
        return merged

    def _apply(self, target: Target, entry: Entry | None, patch: Any, options: WriteOptions) -> Json:
        config = self._configuration(target, patch)
        live = self._registry.seen(target.resource, entry.obj) if entry is not None else None
        if entry is None and target.subresource:
            raise not_found(target.resource, target.name)
        meant = config["metadata"]
        if live is not None:
            self._check_meant(target, meant, live)
        elif meant.get("uid"):
            why = "Precondition failed: UID in precondition: " + str(meant["uid"]) + ", UID in object meta: "
            raise conflict(target.resource, target.name, why)
        ownership = self._registry.ownership
        obj = ownership.apply(target, config, live, options.manager, force=options.force)
        if entry is None:
            return self._writer.create(target.resource, target.namespace, obj, options, applied=True)
        return self._writer.apply(target, entry, obj, options)

    def _configuration(self, target: Target, patch: Any) -> Json:
        """What is applied, checked for its name and kind, without nulls."""
        resource = target.resource
        if not isinstance(patch, dict) or not isinstance(patch.get("metadata", {}), dict):
            raise bad_request("error decoding YAML: the configuration is not an object with metadata")
        config: Json = clone(patch)
        if target.subresource == "scale":
            replicas = (config.get("spec") or {}).get("replicas")
            config = {"apiVersion": resource.api_version, "kind": resource.kind, "spec": {"replicas": replicas}}
        for field, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
            if not config.get(field):
                raise bad_request(f"failed to create manager: {field} must be set in an apply configuration")
            if config[field] != wanted:
                raise bad_request(f"invalid object type: {config.get('apiVersion')}, Kind={config.get('kind')}")
        meta = config.setdefault("metadata", {})
        if meta.get("managedFields") is not None:
            raise bad_request("metadata.managedFields must be nil")
        if meta.setdefault("name", target.name) != target.name:
            raise bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL ({target.name})"
            )
        if target.namespace and meta.setdefault("namespace", target.namespace) != target.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        clean: Json = without_nulls(config)
        return clean

    def _check_meant(self, target: Target, meant: Json, live: Json) -> None:
        version, uid = meant.get("resourceVersion"), meant.get("uid")
        if version and version != live["metadata"]["resourceVersion"]:
            raise conflict(target.resource, target.name)
        if uid and uid != live["metadata"]["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live['metadata']['uid']}"
            raise conflict(target.resource, target.name, why)


def without_nulls(value: Any) -> Any:
    """A copy without fields that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
