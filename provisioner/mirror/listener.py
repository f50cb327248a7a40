"""What `kubectl` wishes: a deleted `Store` resource is a teardown; its finalizer stays until that is done."""

import structlog

from provisioner.cluster import Manifest, WatchEvent
from provisioner.mirror.models import Mirror
from stores.errors import Refused
from stores.models import Store
from stores.services import request_teardown

log = structlog.get_logger(__name__)


def take(event: WatchEvent) -> None:
    """Turn a deletion asked for in the cluster into a teardown; everything else is only our own writing."""
    if event.type != "DELETED":
        take_wish(event.object)


def take_wish(resource: Manifest) -> None:
    """The same for a resource as a list shows it."""
    metadata = resource["metadata"]
    if not metadata.get("deletionTimestamp"):
        return
    mirror = Mirror.objects.select_related("store").filter(uid=metadata["uid"]).first()
    if mirror is None or mirror.store.deletion_requested_at is not None:
        return
    _tear_down(mirror.store)


def _tear_down(store: Store) -> None:
    try:
        request_teardown(store)
    except Refused as refusal:
        log.warning("deletion by kubectl refused", store=store.name, why=refusal.message)
    else:
        log.info("deletion by kubectl", store=store.name)
