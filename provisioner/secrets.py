"""A store's secrets: made once, kept in the cluster alone."""

import base64
import secrets

from provisioner import labels
from provisioner.cluster import AlreadyExists, Cluster, Manifest
from provisioner.cluster.kinds import SECRET
from stores.models import Store


def ensure(cluster: Cluster, store: Store, request_id: str) -> None:
    """Create the store's Secret; one that is there already stays as it is, for good."""
    try:
        cluster.create(manifest(store, request_id))
    except AlreadyExists:
        return


def manifest(store: Store, request_id: str) -> Manifest:
    """A Secret with fresh values. The publishable key has Medusa's own form, `pk_` and 64 hex digits."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": labels.SECRET_NAME,
            "namespace": store.namespace,
            "labels": labels.of(store),
            "annotations": {labels.REQUEST_ID: request_id},
        },
        "type": "Opaque",
        "stringData": {
            "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
            "JWT_SECRET": secrets.token_urlsafe(48),
            "COOKIE_SECRET": secrets.token_urlsafe(48),
            "ADMIN_EMAIL": f"admin@{store.name}.example.com",
            "ADMIN_PASSWORD": secrets.token_urlsafe(15),
            "PUBLISHABLE_KEY": f"pk_{secrets.token_hex(32)}",
        },
    }


def read(cluster: Cluster, store: Store) -> dict[str, str] | None:
    """The decoded values, or None when there is no Secret."""
    found = cluster.get(SECRET, labels.SECRET_NAME, store.namespace)
    if found is None:
        return None
    return {key: base64.b64decode(value).decode() for key, value in found.get("data", {}).items()}
