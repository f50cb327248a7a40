"""The CustomResourceDefinition of `Store`, from the same choices that the records use."""

from typing import Any

from stores.choices import ConditionStatus, DriftPolicy, Phase
from stores.engines import ENGINES
from stores.names import MAX_LENGTH, MIN_LENGTH
from tenants.plans import PLANS

GROUP = "storeplane.dev"
VERSION = "v1"
FINALIZER = "storeplane.dev/teardown"

Schema = dict[str, Any]


def crd() -> Schema:
    """The whole definition, ready to be applied."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"stores.{GROUP}",
            "labels": {"app.kubernetes.io/part-of": "storeplane"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {
                "plural": "stores",
                "singular": "store",
                "kind": "Store",
                "listKind": "StoreList",
                "shortNames": ["st"],
                "categories": ["all"],
            },
            "versions": [_version()],
        },
    }


def _version() -> Schema:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": "Engine", "type": "string", "jsonPath": ".spec.engine"},
            {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
            {
                "name": "Ready",
                "type": "string",
                "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
            },
            {"name": "URL", "type": "string", "jsonPath": ".status.url"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
        "schema": {"openAPIV3Schema": _store()},
    }


def _store() -> Schema:
    return {
        "type": "object",
        "description": "An online store, mirrored from Storeplane's database.",
        "required": ["spec"],
        "properties": {"spec": _spec(), "status": _status()},
        "x-kubernetes-validations": [
            {
                "rule": (
                    f"self.metadata.name.size() >= {MIN_LENGTH} && self.metadata.name.size() <= {MAX_LENGTH} && "
                    "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"
                ),
                "message": f"the name must be a DNS label of {MIN_LENGTH} to {MAX_LENGTH} characters",
            }
        ],
    }


def _spec() -> Schema:
    return {
        "type": "object",
        "description": "What was asked for.",
        "required": ["engine"],
        "properties": {
            "tenant": {"type": "string", "description": "The slug of the tenant that owns the store."},
            "engine": {
                "type": "string",
                "description": "The kind of store; it can't be changed.",
                "enum": sorted(ENGINES),
                "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "the engine can't be changed"}],
            },
            "plan": {"type": "string", "description": "What the store may use.", "enum": sorted(PLANS)},
            "displayName": {"type": "string", "description": "What people call the store.", "maxLength": 200},
            "driftPolicy": {
                "type": "string",
                "description": "What is done about a change that nobody asked for.",
                "enum": list(DriftPolicy.values),
                "default": DriftPolicy.HEAL.value,
            },
            "suspend": {
                "type": "boolean",
                "description": "True stops all work on the store but its removal.",
                "default": False,
            },
        },
    }


def _status() -> Schema:
    return {
        "type": "object",
        "description": "How it stands. Written by Storeplane alone.",
        "properties": {
            "phase": {"type": "string", "enum": list(Phase.values)},
            "message": {"type": "string", "description": "One sentence on the phase."},
            "observedGeneration": {"type": "integer", "format": "int64"},
            "url": {"type": "string", "description": "The shop."},
            "adminUrl": {"type": "string", "description": "Where the shop's own people log in."},
            "namespace": {"type": "string", "description": "The namespace with all of the store's objects."},
            "conditions": _conditions(),
            "activityLog": _activity_log(),
        },
    }


def _conditions() -> Schema:
    return {
        "type": "array",
        "description": "Conditions by the Kubernetes convention.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {"type": "string"},
                "status": {"type": "string", "enum": list(ConditionStatus.values)},
                "observedGeneration": {"type": "integer", "format": "int64"},
                "lastTransitionTime": {"type": "string", "format": "date-time"},
                "reason": {"type": "string"},
                "message": {"type": "string"},
            },
        },
    }


def _activity_log() -> Schema:
    return {
        "type": "array",
        "description": "The newest 15 events, newest first.",
        "maxItems": 15,
        "x-kubernetes-list-type": "atomic",
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "format": "int64"},
                "type": {"type": "string"},
                "message": {"type": "string"},
                "phase": {"type": "string"},
                "step": {"type": "string"},
                "timestamp": {"type": "string", "format": "date-time"},
            },
        },
    }
