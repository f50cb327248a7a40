"""The schema of `spec`: what can be asked for, and what of it can be changed."""

from typing import Any

from stores import ignoring
from stores.choices import DriftPolicy
from stores.engines import ENGINES
from tenants.plans import PLANS

DEFAULTS = {"driftPolicy": DriftPolicy.HEAL.value, "suspend": False, "deletionProtection": False}
"""What the API server fills in where nothing was said."""

UNSAID: dict[str, Any] = {"ignoreDifferences": []}
"""What a field means that isn't there and isn't filled in."""


LONGEST_DISPLAY_NAME = 200


def spec() -> dict[str, Any]:
    """The structural schema."""
    return {
        "type": "object",
        "description": "What is asked for. All but tenant and engine can be changed.",
        "required": ["engine"],
        "properties": {
            "tenant": {
                "type": "string",
                "description": "Slug of the tenant that owns the store. The platform's default when left out.",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[-a-zA-Z0-9_]+$",
            },
            "engine": {
                "type": "string",
                "description": "Kind of store.",
                "enum": sorted(ENGINES),
                "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "the engine can't be changed"}],
            },
            "plan": {
                "type": "string",
                "description": "What the store may use. The tenant's own plan when left out.",
                "enum": sorted(PLANS),
            },
            "displayName": {
                "type": "string",
                "description": "What people call the store. Its name when left out.",
                "maxLength": LONGEST_DISPLAY_NAME,
            },
            "driftPolicy": {
                "type": "string",
                "description": "What is done about a change in the cluster that nobody asked for.",
                "enum": list(DriftPolicy.values),
                "default": DEFAULTS["driftPolicy"],
            },
            "ignoreDifferences": {
                "type": "array",
                "description": "Differences that are not drift, each by at least one of its fields; what is left out "
                "matches anything. Rules of the platform come on top. The list is taken as a whole.",
                "maxItems": ignoring.MAX_RULES,
                "x-kubernetes-list-type": "atomic",
                "items": {
                    "type": "object",
                    "description": "Ignored is what all of its fields match.",
                    "minProperties": 1,
                    "properties": {
                        "kind": _text("kind", ignoring.KIND, "Of the object, such as Deployment."),
                        "name": _text("name", ignoring.NAME, "Of the object; a pattern with *, ? and [abc]."),
                        "jsonPointer": _text(
                            "pointer", ignoring.POINTER, "Field, with all below it, by RFC 6901: /spec/replicas."
                        ),
                        "manager": _text("manager", ignoring.MANAGER, "Field manager that has set the field."),
                    },
                },
            },
            "suspend": {
                "type": "boolean",
                "description": "True stops all work on the store but its removal; the shop runs on.",
                "default": DEFAULTS["suspend"],
            },
            "deletionProtection": {
                "type": "boolean",
                "description": "True refuses the store's removal; a deletion asked for meanwhile waits for false.",
                "default": DEFAULTS["deletionProtection"],
            },
        },
        "x-kubernetes-validations": [
            {
                "rule": "!has(oldSelf.tenant) || (has(self.tenant) && self.tenant == oldSelf.tenant)",
                "message": "the tenant can't be changed once it is set",
            }
        ],
    }


def _text(field: str, pattern: str, description: str) -> dict[str, Any]:
    """A field that is left out where it is empty, so that the same rule is always written alike."""
    most = ignoring.LENGTHS[field]
    return {"type": "string", "description": description, "minLength": 1, "maxLength": most, "pattern": pattern}
