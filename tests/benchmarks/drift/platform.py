"""What reacts to a change, as in service: the watcher and a worker of the drift queue, with stores to watch over."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings

from config.redis_urls import with_database
from provisioner.cluster import Cluster, Kind, kinds
from provisioner.drift.desired import manager_of
from provisioner.operations.models import ACTIVE, Operation
from tests.benchmarks.drift.objects import (
    PLATFORM,
    copy,
    name_of,
    release,
    renamed_manifest,
    rows,
    wanted,
)
from tests.chaos.processes import Process
from tests.chaos.rig import database_url
from tests.chaos.waiting import until

_SETTLED_WITHIN_SECONDS = 300.0
WORKLOADS = {kinds.DEPLOYMENT: 2, kinds.STATEFUL_SET: 1}


def settle(cluster: Cluster, stores: int) -> None:
    """Put so many stores into a cluster by applies, have its controllers start them, and write their rows."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLATFORM}})
    names = [name_of(number) for number in range(stores)]
    rows(names, [_apply_all(cluster, name) for name in names])

    def started() -> bool:
        return all(_ready(cluster, kind) == stores * number for kind, number in WORKLOADS.items())

    until(started, "the stores' workloads to be ready", _SETTLED_WITHIN_SECONDS, every=0.5)


def _apply_all(cluster: Cluster, name: str) -> str:
    """The uid of Helm's record."""
    namespace, secret, *others = wanted()
    for manifest in (namespace, secret, copy(secret), *others):
        cluster.apply(renamed_manifest(manifest, name), field_manager=manager_of(manifest))
    uid: str = cluster.apply(renamed_manifest(release(), name), field_manager="helm")["metadata"]["uid"]
    return uid


def _ready(cluster: Cluster, kind: Kind) -> int:
    return sum(
        (each.get("status") or {}).get("readyReplicas") == each["spec"]["replicas"] for each in cluster.list(kind)
    )


@contextmanager
def reacting(kubeconfig: Path, folder: Path) -> Iterator[list[Process]]:
    """The two processes for the time of a `with`, as the launcher starts them."""
    env = {**os.environ, "KUBECONFIG": str(kubeconfig), "DATABASE_URL": database_url(), "PYTHONUNBUFFERED": "1"}
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker", "-Q", "drift,events"]
    celery += ["-c", "2", "-n", "events@%h", "--without-mingle", "--without-gossip", "--loglevel", "INFO"]
    watch = [sys.executable, "manage.py", "watch_cluster"]
    processes = [
        Process("worker", celery, {**env, "REMAP_SIGTERM": "SIGQUIT"}, folder / "worker.log", "ready."),
        Process("watcher", watch, env, folder / "watcher.log", "Watching the cluster."),
    ]
    try:
        for process in processes:
            process.start()
            until(process.is_ready, f"the {process.name} to serve", seconds=90)
        yield processes
    finally:
        for process in reversed(processes):
            process.stop()


def is_quiet() -> bool:
    """Whether no message waits or is worked on, and no operation either."""
    with redis.Redis.from_url(with_database(settings.REDIS_URL, 0)) as broker:
        waiting = broker.llen("drift") + broker.llen("events") + broker.hlen("unacked")
    return not waiting and not Operation.objects.filter(state__in=ACTIVE).exists()
