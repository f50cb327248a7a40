"""A store's namespace as it should be."""

from provisioner import labels
from provisioner.cluster import Manifest
from stores.models import Store


def manifest(store: Store, request_id: str) -> Manifest:
    """The namespace with its labels; Pod Security `restricted` is enforced by the API server itself."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": store.namespace,
            "labels": {**labels.of(store), **levels},
            "annotations": {labels.REQUEST_ID: request_id, labels.TENANT: store.tenant.slug},
        },
    }
