"""The schema of `spec`: what can be asked for, and what of it can be changed."""

from typing import Any

from stores.choices import DriftPolicy
from stores.engines import ENGINES
from tenants.plans import PLANS

DEFAULTS = {"driftPolicy": DriftPolicy.HEAL.value, "suspend": False, "deletionProtection": False}
"""What the API server fills in where nothing was said."""


LONGEST_DISPLAY_NAME = 200


def spec() -> dict[str, Any]:
    """The structural schema."""
    return {
        "type": "object",
        "description": "What is asked for. Plan, display name, drift policy, suspension and protection can be changed.",
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
