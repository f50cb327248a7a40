"""One watch for each kind over all stores: what happens in the cluster is judged as it happens.

The process may be killed at any time, and two of it do no harm: each event is only a reason to look, and the sweep
looks anyway.
"""

import threading

import structlog

from provisioner import labels, watching
from provisioner.cluster import Cluster, Kind, WatchEvent
from provisioner.cluster.kinds import DEPLOYMENT, STATEFUL_SET, STORE
from provisioner.drift import health
from provisioner.mirror.listener import Listener
from provisioner.watching import Take

log = structlog.get_logger(__name__)


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
    threads = [
        *(threading.Thread(target=_watch_workloads, args=(cluster, kind, stop)) for kind in (DEPLOYMENT, STATEFUL_SET)),
        threading.Thread(target=watch_stores, args=(cluster, stop)),
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    stop.wait()


def _watch_workloads(cluster: Cluster, kind: Kind, stop: threading.Event) -> None:
    watching.follow(cluster, kind, workload_seen(kind), stop, label_selector=labels.SELECTOR)


def watch_stores(cluster: Cluster, stop: threading.Event) -> None:
    """All of them, not only those with our labels: one that somebody has just made carries none."""
    listener = Listener(cluster)
    watching.follow(cluster, STORE, listener.take, stop, relisted=listener.relisted)
