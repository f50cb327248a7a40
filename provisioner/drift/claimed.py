"""Which volume each claim of a store is bound to, as it was when the store was born.

A claim that is bound to another one holds an empty database, however healthy it looks: a StatefulSet makes a claim that
somebody deleted anew, and says nothing. What is kept is a manifest of the claim with its volume's name and no more, so
that it is compared like any other object; it is never applied.
"""

from django.db import transaction

from provisioner import labels
from provisioner.cluster import Cluster, Manifest, kinds
from provisioner.drift.models import Desired, Finding, Verdict
from stores.choices import EventType
from stores.models import Store

KIND = kinds.PERSISTENT_VOLUME_CLAIM


def remember(cluster: Cluster, store: Store) -> None:
    """Write down what the store's claims are bound to, unless that is known. Raises ClusterError."""
    row = Desired.objects.filter(store=store).first()
    if row is None or KIND.kind in row.manifests:
        return
    listed = cluster.list(KIND, store.namespace, label_selector=labels.SELECTOR)
    bound = {each["metadata"]["name"]: _wanted(each) for each in listed if each["spec"].get("volumeName")}
    if bound:
        _write(row, bound)


def volumes(store: Store) -> list[str]:
    """Names of the volumes that hold the store's data."""
    row = Desired.objects.filter(store=store).first()
    found = row.manifests.get(KIND.kind, {}) if row else {}
    return [each["spec"]["volumeName"] for each in found.values()]


def accept(store: Store) -> None:
    """A person who reconciles a store whose claims are bound to other volumes takes these for right from then on."""
    told = Finding.objects.filter(store=store, kind=KIND.kind, verdict=Verdict.CHANGED, healed_at__isnull=True).first()
    if told is None:
        return
    asked = store.events.filter(type=EventType.RECONCILE_REQUESTED, timestamp__gt=told.detected_at)
    row = Desired.objects.filter(store=store).first()
    if row is not None and asked.exists():
        _write(row, None)


def _wanted(claim: Manifest) -> Manifest:
    metadata = {"name": claim["metadata"]["name"], "namespace": claim["metadata"]["namespace"]}
    spec = {"volumeName": claim["spec"]["volumeName"]}
    return {"apiVersion": KIND.api_version, "kind": KIND.kind, "metadata": metadata, "spec": spec}


def _write(row: Desired, bound: dict[str, Manifest] | None) -> None:
    with transaction.atomic():
        latest = Desired.objects.select_for_update().get(pk=row.pk)
        others = {kind: those for kind, those in latest.manifests.items() if kind != KIND.kind}
        latest.manifests = {**others, KIND.kind: bound} if bound else others
        latest.save(update_fields=["manifests", "written_at"])
