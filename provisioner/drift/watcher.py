"""One watch for each kind over all stores: what happens in the cluster is judged as it happens.

The process may be killed at any time, and two of it do no harm: each event is only a reason to look, and the sweep
looks anyway.
"""

import threading
from collections.abc import Callable

import structlog

from provisioner import labels, watching
from provisioner.cluster import Cluster, Kind, Listing, WatchEvent
from provisioner.cluster.kinds import DEPLOYMENT, SECRET, STATEFUL_SET, STORE
from provisioner.drift import health
from provisioner.drift.desired import KINDS, RELEASES
from provisioner.drift.noticing import EVERYTHING, Debouncer, Notes, Object, owner_of
from provisioner.drift.seen import RELEASE_KIND
from provisioner.drift.tasks import judge_drift, sweep_drift
from provisioner.labels import RELEASE, store_of
from provisioner.messages import send
from provisioner.mirror.listener import Listener
from provisioner.watching import Take

WORKLOADS = (DEPLOYMENT, STATEFUL_SET)

log = structlog.get_logger(__name__)


def workload_seen(kind: Kind) -> Take:
    """What is done for health with an event of a workload."""

    def take(event: WatchEvent) -> None:
        manifest = {**event.object, "kind": kind.kind}
        sighting = health.sighting_of(manifest, deleted=event.type == "DELETED")
        if sighting is not None and health.take(sighting):
            log.info("health changed", store=sighting.store, component=sighting.watched.component)

    return take


def object_seen(kind: Kind, notes: Notes, debouncer: Debouncer) -> Take:
    """What is done for drift with an event of any object."""

    def take(event: WatchEvent) -> None:
        store = owner_of(event.object)
        if notes.is_news(event) and store:
            debouncer.note(store, (kind.kind, event.object["metadata"]["name"]))

    return take


def hand_over(store: str, objects: list[Object]) -> None:
    """Have a store judged by a worker, or all of them after a gap. A message that is lost is left to the sweep."""
    if store == EVERYTHING:
        send(sweep_drift.s(), queue="drift")
    else:
        send(judge_drift.s(store, [list(each) for each in objects]), queue="drift")


def run(cluster: Cluster, stop: threading.Event) -> None:
    """Watch until `stop` is set; one thread for each kind."""
    debouncer = Debouncer(hand_over)
    works: list[Callable[[], None]] = [
        lambda: debouncer.run(stop),
        lambda: watch_stores(cluster, stop),
        lambda: watch_releases(cluster, debouncer, stop),
        *(_watching(cluster, kind, debouncer, stop) for kind in KINDS),
    ]
    for work in works:
        threading.Thread(target=work, daemon=True).start()
    stop.wait()


def _watching(cluster: Cluster, kind: Kind, debouncer: Debouncer, stop: threading.Event) -> Callable[[], None]:
    return lambda: watch_kind(cluster, kind, debouncer, stop)


def watch_kind(cluster: Cluster, kind: Kind, debouncer: Debouncer, stop: threading.Event) -> None:
    """Follow one kind over all stores until `stop` is set."""
    notes = Notes()
    takes = [object_seen(kind, notes, debouncer), *([workload_seen(kind)] if kind in WORKLOADS else [])]

    def take(event: WatchEvent) -> None:
        for each in takes:
            each(event)

    def relisted(listing: Listing) -> None:
        # What went while nobody watched left no event: the sweep looks at everything, soon instead of in its turn.
        notes.keep_only(listing.items)
        debouncer.note(EVERYTHING)

    watching.follow(cluster, kind, take, stop, label_selector=labels.SELECTOR, relisted=relisted)


def watch_releases(cluster: Cluster, debouncer: Debouncer, stop: threading.Event) -> None:
    """Helm's records carry no label of ours; their namespace tells the store. Only one that goes may be drift."""

    def take(event: WatchEvent) -> None:
        if event.type == "DELETED":
            debouncer.note(store_of(event.object["metadata"]["namespace"]), (RELEASE_KIND, RELEASE))

    def relisted(_: Listing) -> None:
        debouncer.note(EVERYTHING)

    watching.follow(cluster, SECRET, take, stop, label_selector=RELEASES, metadata_only=True, relisted=relisted)


def watch_stores(cluster: Cluster, stop: threading.Event) -> None:
    """All of them, not only those with our labels: one that somebody has just made carries none."""
    listener = Listener(cluster)
    watching.follow(cluster, STORE, listener.take, stop, relisted=listener.relisted)
