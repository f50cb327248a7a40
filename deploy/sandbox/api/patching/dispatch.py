"""Turns a patch into a new state of an object and hands it to the write path."""

from typing import TYPE_CHECKING, Any

from ..errors import not_found
from ..jsontypes import Json, clone
from ..options import Target, WriteOptions
from ..resources import Resource
from ..storage import Entry
from .merge import merge_patch
from .operations import json_patch

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
        if entry is None:
            raise not_found(target.resource, target.name)
        obj = self._patched(target.resource, entry, patch, patch_type)
        return self._writer.update(target, obj, options)

    def _patched(self, resource: Resource, entry: Entry, patch: Any, patch_type: str) -> Json:
        if patch_type == "json":
            return json_patch(entry.obj, patch)
        merged: Json = merge_patch(clone(entry.obj), patch)
        return merged
