"""Names and labels that every object of a store carries (`managed-by` belongs to Helm)."""

from typing import Any

from stores.models import Store

PART_OF = "app.kubernetes.io/part-of"
STORE_LABEL = "storeplane.dev/store"
REQUEST_ID = "storeplane.dev/request-id"
TENANT = "storeplane.dev/tenant"
"""An annotation of a store's namespace: the slug of the tenant whose it is.

Names come back, with another tenant perhaps, and not every way there leads through a removal: a record that a lost or
older database doesn't have leaves its store behind, and the name looks free.
"""

SELECTOR = f"{PART_OF}=storeplane"
RELEASE = "store"
CLAIM_NAME = "data-postgres-0"
"""What the StatefulSet of a store's database calls its volume claim."""

SECRET_NAME = "store-credentials"  # noqa: S105 - the Secret's name, not its content


def of(store: Store) -> dict[str, str]:
    """The labels of a store's objects."""
    return {PART_OF: "storeplane", STORE_LABEL: store.name}


def is_of(manifest: dict[str, Any], store: Store) -> bool:
    """Whether an object says that it is this store's."""
    named = (manifest["metadata"].get("labels") or {}).get(STORE_LABEL)
    return bool(named == store.name) and not is_of_another_tenant(manifest, store)


def is_of_another_tenant(manifest: dict[str, Any], store: Store) -> bool:
    """Whether an object says that it is an earlier or a later store's of that name, which another tenant has."""
    tenant = (manifest["metadata"].get("annotations") or {}).get(TENANT)
    return tenant is not None and bool(tenant != store.tenant.slug)


def store_of(namespace: str) -> str:
    """The name of the store whose namespace this is; empty when it is none's."""
    return namespace.removeprefix(_NAMESPACE) if namespace.startswith(_NAMESPACE) else ""


_NAMESPACE = "store-"
