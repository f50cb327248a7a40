"""The same store with no control plane: its manifests applied one after the other, then waiting for its workloads."""

import time
from dataclasses import dataclass, field

from provisioner import labels, namespaces, secrets, workloads
from provisioner.cluster import Cluster, Manifest, kinds
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild
from provisioner.pipelines.steps.workloads import WATCHED
from provisioner.values import chart_of, values_of
from stores.models import Store
from tenants.models import Tenant

PATIENCE_SECONDS = 120.0
MARKS = ("applied", "db", "backend", "storefront")
"""What is reached one after the other; a birth's steps have the same names but for the first, which is `helm`."""
_FIRST = ("LimitRange", "ResourceQuota", "NetworkPolicy", "ConfigMap", "Service")
"""Kinds that Helm applies before any workload; so does everybody whose pods must be limited and fenced in."""


@dataclass(frozen=True)
class Wish:
    """All that a store consists of, rendered beforehand: what rendering takes is part of the platform's share."""

    namespace: str
    manifests: list[Manifest] = field(repr=False)


def wish(name: str) -> Wish:
    """By Helm from the chart, with the values that the platform would give it."""
    store = Store(name=name, plan="small", tenant=Tenant(slug="by-hand"))
    chart = ReleaseActions(Cluster(), HelmChild()).template(
        labels.RELEASE, store.namespace, chart_of(store), values_of(store)
    )
    rendered = [_placed(manifest, store.namespace) for manifest in chart]
    rendered.sort(key=_turn)
    return Wish(store.namespace, [namespaces.manifest(store, ""), secrets.manifest(store, ""), *rendered])


def make(cluster: Cluster, wanted: Wish) -> dict[str, float]:
    """Seconds until each of `MARKS`; the last is a store that is as ready as the platform means it."""
    begun = time.monotonic()
    for manifest in wanted.manifests:
        cluster.apply(manifest, field_manager="benchmark")
    reached = {MARKS[0]: time.monotonic() - begun}
    for mark, watched in zip(MARKS[1:], WATCHED, strict=True):
        found = cluster.wait_for(
            watched.kind, watched.name, wanted.namespace, workloads.is_ready, timeout=PATIENCE_SECONDS
        )
        assert found is not None, f"{watched.kind.kind} {watched.name} was not ready after {PATIENCE_SECONDS:.0f} s"
        reached[mark] = time.monotonic() - begun
    return reached


def remove(cluster: Cluster, wanted: Wish) -> None:
    """With all that is in it."""
    cluster.delete(kinds.NAMESPACE, wanted.namespace)
    assert cluster.wait_gone(kinds.NAMESPACE, wanted.namespace, timeout=PATIENCE_SECONDS), wanted.namespace


def _placed(manifest: Manifest, namespace: str) -> Manifest:
    """Helm puts what names no namespace into the release's."""
    return {**manifest, "metadata": {"namespace": namespace, **manifest["metadata"]}}


def _turn(manifest: Manifest) -> int:
    return _FIRST.index(manifest["kind"]) if manifest["kind"] in _FIRST else len(_FIRST)
