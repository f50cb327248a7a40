"""JSON merge patch (RFC 7396)."""

from typing import Any

from ..jsontypes import clone


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with the patch merged in; null removes a key."""
    if not isinstance(patch, dict):
        return clone(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
