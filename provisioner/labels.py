"""Names and labels that every object of a store carries (`managed-by` belongs to Helm)."""

from typing import Any

from stores.models import Store

PART_OF = "app.kubernetes.io/part-of"
STORE_LABEL = "storeplane.dev/store"
REQUEST_ID = "storeplane.dev/request-id"
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
    return bool((manifest["metadata"].get("labels") or {}).get(STORE_LABEL) == store.name)


def store_of(namespace: str) -> str:
    """The name of the store whose namespace this is; empty when it is none's."""
    return namespace.removeprefix(_NAMESPACE) if namespace.startswith(_NAMESPACE) else ""


_NAMESPACE = "store-"
