"""What happens to `Store` resources, as it happens. Each event is only a reason to look: the sweep looks anyway."""

import redis
import structlog

from provisioner.cluster import Cluster, Listing, WatchEvent
from provisioner.mirror import creation, rows
from provisioner.mirror.holders import Holder, holder_of, vanished
from provisioner.mirror.tasks import mirror_soon

log = structlog.get_logger(__name__)


class Listener:
    """Turns events into wishes that are taken, and into marks for the writer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def take(self, event: WatchEvent) -> None:
        """Look at what the event tells. Safe to repeat, and to be done by two at once."""
        metadata = event.object["metadata"]
        holder = holder_of(metadata["name"])
        if holder is None or not holder.owns(event.object):
            if event.type != "DELETED":
                creation.take_new(self._cluster, event.object)
        elif metadata["resourceVersion"] != holder.resource_version:
            _have_looked_at(holder, metadata["resourceVersion"])

    def relisted(self, listing: Listing) -> None:
        """After a gap: what vanished meanwhile left no event."""
        for holder in vanished({item["metadata"]["uid"] for item in listing.items}):
            _have_looked_at(holder)


def _have_looked_at(holder: Holder, seen: str = "") -> None:
    if holder.known and not rows.look_again(holder.store_id, seen):
        return
    try:
        mirror_soon(holder.store_id)
    except (redis.RedisError, OSError) as error:
        log.warning("the writer can't be told, the sweep will look", error=type(error).__name__)
