"""One watch for each kind over all stores: what happens in the cluster is judged as it happens.

The process may be killed at any time, and two of it do no harm: each event is only a reason to look, and the sweep
looks anyway.
"""

import threading
from collections.abc import Callable, Iterator

import structlog
from django.db import connection

from provisioner import labels
from provisioner.cluster import Cluster, ClusterError, Expired, Kind, WatchEvent
from provisioner.cluster.kinds import DEPLOYMENT, STATEFUL_SET, STORE
from provisioner.drift import health
from provisioner.mirror import listener

WATCH_SECONDS = 240.0
_PAUSE_SECONDS = 2.0

log = structlog.get_logger(__name__)

Take = Callable[[WatchEvent], None]


def workload_seen(kind: Kind) -> Take:
    """What is done with an event of a workload."""

    def take(event: WatchEvent) -> None:
        manifest = {**event.object, "kind": kind.kind}
        sighting = health.sighting_of(manifest, deleted=event.type == "DELETED")
        if sighting is not None and health.take(sighting):
            log.info("health changed", store=sighting.store, component=sighting.watched.component)

    return take


def run(cluster: Cluster, stop: threading.Event) -> None:
    """Watch until `stop` is set; one thread for each kind."""
    takes: list[tuple[Kind, Take]] = [
        (DEPLOYMENT, workload_seen(DEPLOYMENT)),
        (STATEFUL_SET, workload_seen(STATEFUL_SET)),
        (STORE, listener.take),
    ]
    threads = [
        threading.Thread(target=_watch, args=(cluster, kind, take, stop), name=f"watch {kind.plural}", daemon=True)
        for kind, take in takes
    ]
    for thread in threads:
        thread.start()
    stop.wait()


def _watch(cluster: Cluster, kind: Kind, take: Take, stop: threading.Event) -> None:
    """Follow one kind for ever: from where it stopped while the server remembers, else from a new list."""
    version = ""
    while not stop.is_set():
        try:
            for event in _events(cluster, kind, version):
                version = event.resource_version or version
                if event.type != "BOOKMARK":
                    take(event)
        except Expired:
            version = ""
        except ClusterError as error:
            log.warning("watch interrupted", kind=kind.plural, error=str(error))
            stop.wait(_PAUSE_SECONDS)
        except Exception:
            # One object that can't be judged must not end the watch over all the others.
            log.exception("event not judged", kind=kind.plural)
            stop.wait(_PAUSE_SECONDS)
        finally:
            connection.close()


def _events(cluster: Cluster, kind: Kind, version: str) -> Iterator[WatchEvent]:
    return cluster.watch(kind, label_selector=labels.SELECTOR, resource_version=version, timeout=WATCH_SECONDS)
