"""A store's secrets: made once, kept in the cluster alone, never in a row, a message or a log."""

import base64
import secrets
from collections.abc import Mapping

from provisioner import labels
from provisioner.cluster import AlreadyExists, Cluster, Conflict, Manifest
from provisioner.cluster.kinds import SECRET
from stores.models import Store

Data = Mapping[str, str]
"""The values of a Secret by key, in base64 as Kubernetes keeps them."""


def ensure(cluster: Cluster, store: Store, request_id: str) -> Data:
    """Create the store's Secret; one that is there already stays as it is, for good. Its values."""
    try:
        found: Data | None = cluster.create(manifest(store, request_id))["data"]
    except AlreadyExists:
        found = data(cluster, store)
    if found is None:
        raise Conflict(f"The Secret '{labels.SECRET_NAME}' was deleted while it was looked at.")
    return found


def manifest(store: Store, request_id: str) -> Manifest:
    """A Secret with fresh values. The publishable key has Medusa's own form, `pk_` and 64 hex digits."""
    fresh = {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "JWT_SECRET": secrets.token_urlsafe(48),
        "COOKIE_SECRET": secrets.token_urlsafe(48),
        "ADMIN_EMAIL": f"admin@{store.name}.example.com",
        "ADMIN_PASSWORD": secrets.token_urlsafe(15),
        "PUBLISHABLE_KEY": f"pk_{secrets.token_hex(32)}",
    }
    return holding(store, {key: base64.b64encode(value.encode()).decode() for key, value in fresh.items()}, request_id)


def holding(store: Store, values: Data, request_id: str) -> Manifest:
    """The store's Secret with these values."""
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
        "data": dict(values),
    }


def data(cluster: Cluster, store: Store) -> Data | None:
    """The values as they are now, or None when there is no Secret."""
    found = cluster.get(SECRET, labels.SECRET_NAME, store.namespace)
    return None if found is None else found.get("data") or {}


def read(cluster: Cluster, store: Store) -> dict[str, str] | None:
    """The decoded values, or None when there is no Secret."""
    found = data(cluster, store)
    return None if found is None else {key: base64.b64decode(value).decode() for key, value in found.items()}
