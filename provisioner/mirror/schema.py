"""The CustomResourceDefinition of `Store`, from the same choices that the records use."""

from typing import Any

import yaml

from provisioner.mirror.schema_spec import spec
from provisioner.mirror.schema_status import status
from stores.names import MAX_LENGTH, MIN_LENGTH

GROUP = "storeplane.dev"
VERSION = "v1"
FINALIZER = "storeplane.dev/teardown"

Schema = dict[str, Any]

_HEAD = "# Made by `manage.py crd` from provisioner/mirror/schema.py; a test holds the two together.\n"


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


def crd_yaml() -> str:
    """The definition as the platform's chart ships it."""
    return _HEAD + yaml.safe_dump(crd(), sort_keys=False, width=120)


def _version() -> Schema:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": _columns(),
        "schema": {"openAPIV3Schema": _store()},
    }


def _columns() -> list[Schema]:
    """What `kubectl get` shows; those of priority 1 only with `-o wide`."""
    return [
        _column("Engine", ".spec.engine"),
        _column("Phase", ".status.phase"),
        _column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        _column("URL", ".status.url"),
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {**_column("Tenant", ".spec.tenant"), "priority": 1},
        {**_column("Plan", ".spec.plan"), "priority": 1},
        {**_column("Message", ".status.message"), "priority": 1},
    ]


def _column(name: str, path: str) -> Schema:
    return {"name": name, "type": "string", "jsonPath": path}


def _store() -> Schema:
    return {
        "type": "object",
        "description": "An online store. Storeplane's database is the truth: this shows it, and takes wishes.",
        "required": ["spec"],
        "properties": {"spec": spec(), "status": status()},
        "x-kubernetes-validations": [
            {
                "rule": (
                    f"self.metadata.name.size() >= {MIN_LENGTH} && self.metadata.name.size() <= {MAX_LENGTH} && "
                    "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"
                ),
                "message": (
                    f"the name must be a DNS label of {MIN_LENGTH} to {MAX_LENGTH} characters that starts with a letter"
                ),
            }
        ],
    }
