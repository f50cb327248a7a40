"""A worker that slept between its look at the lease and its request makes one object too late (ADR 8)."""

from provisioner.cluster import Manifest
from provisioner.cluster.kinds import kind_of
from provisioner.operations.errors import LeaseLost
from provisioner.pipelines.context import Context
from stores.models import Store


def withdraw_if_late(context: Context, made: Manifest) -> None:
    """Look at the lease again, after the request; raises LeaseLost when it is lost.

    What was made for a store that is gone by then is taken back, unless somebody has written it since: a successor's
    objects have the same names.
    """
    try:
        context.lease.check()
    except LeaseLost:
        if not _is_wanted(context.store):
            metadata = made["metadata"]
            context.cluster.delete(
                kind_of(made),
                metadata["name"],
                metadata.get("namespace"),
                uid=metadata["uid"],
                resource_version=metadata["resourceVersion"],
            )
        raise


def _is_wanted(store: Store) -> bool:
    return Store.objects.not_gone().filter(name=store.name, deletion_requested_at__isnull=True).exists()
