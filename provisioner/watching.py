"""Following one kind of object for as long as a process lives.

The process may be killed at any time, and two of it do no harm, if each event is only a reason to look.
"""

import threading
from collections.abc import Callable

import structlog
from django.db import connection

from config.metrics.liveness import PULSE
from provisioner.cluster import Cluster, ClusterError, Expired, Kind, Listing, WatchEvent

WATCH_SECONDS = 240.0
_PAUSE_SECONDS = 2.0
_TURN_SECONDS = 60.0
"""What a turn may take beyond its watch: a list of everything, and judging what is in it."""

log = structlog.get_logger(__name__)

Take = Callable[[WatchEvent], None]
Relisted = Callable[[Listing], None]


def follow(
    cluster: Cluster,
    kind: Kind,
    take: Take,
    stop: threading.Event,
    *,
    label_selector: str = "",
    metadata_only: bool = False,
    relisted: Relisted | None = None,
) -> None:
    """Give each change to `take` until `stop` is set.

    It goes on from where it stopped while the server remembers (bookmarks keep that place fresh), else from a new list,
    whose objects come as ADDED; `relisted` gets the whole list then, to find out what is missing in it.
    """
    version = ""
    while not stop.is_set():
        PULSE.beat(f"The watch of {kind.plural}", WATCH_SECONDS + _TURN_SECONDS)
        try:
            if not version:
                listing = cluster.listing(kind, label_selector=label_selector, metadata_only=metadata_only)
                version = _from_a_list(listing, take, relisted)
            changes = cluster.watch(
                kind,
                label_selector=label_selector,
                resource_version=version,
                metadata_only=metadata_only,
                timeout=WATCH_SECONDS,
            )
            for event in changes:
                version = event.resource_version or version
                if event.type != "BOOKMARK":
                    _judged(event, take)
        except Expired:
            version = ""
        except ClusterError as error:
            log.warning("watch interrupted", kind=kind.plural, error=str(error))
            stop.wait(_PAUSE_SECONDS)
        except Exception:
            log.exception("watch interrupted", kind=kind.plural)
            stop.wait(_PAUSE_SECONDS)
        finally:
            connection.close()


def _from_a_list(listing: Listing, take: Take, relisted: Relisted | None) -> str:
    for item in listing.items:
        _judged(WatchEvent("ADDED", item), take)
    if relisted is not None:
        relisted(listing)
    return listing.resource_version


def _judged(event: WatchEvent, take: Take) -> None:
    """One object that can't be judged must not end the watch over all the others: the sweep looks at it again."""
    try:
        take(event)
    except Exception:
        log.exception("event not judged", kind=event.object["kind"], name=event.object["metadata"]["name"])
        # A connection that broke in the middle is made anew for the next one.
        connection.close()
