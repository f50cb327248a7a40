"""Names and labels that every object of a store carries (`managed-by` belongs to Helm)."""

from stores.models import Store

PART_OF = "app.kubernetes.io/part-of"
STORE_LABEL = "storeplane.dev/store"
REQUEST_ID = "storeplane.dev/request-id"
SELECTOR = f"{PART_OF}=storeplane"
RELEASE = "store"
SECRET_NAME = "store-credentials"  # noqa: S105 - the Secret's name, not its content


def of(store: Store) -> dict[str, str]:
    """The labels of a store's objects."""
    return {PART_OF: "storeplane", STORE_LABEL: store.name}
