"""What a store is to consist of: the manifest of its deployed release, and what the platform makes beside it.

It is kept in a row, so that a sweep needn't read a release's record for each store: the record's uid tells whether the
row is still right.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from django.db import transaction
from django.utils import timezone

from provisioner import labels, namespaces, secrets
from provisioner.cluster import FIELD_MANAGER, Cluster, Kind, Manifest, kinds
from provisioner.drift import claimed
from provisioner.drift.compare import completed, redacted
from provisioner.drift.models import Desired, Finding
from provisioner.helm import Release, release_manifest
from stores.models import Store

KINDS: tuple[Kind, ...] = (
    kinds.NAMESPACE,
    kinds.SECRET,
    kinds.CONFIG_MAP,
    kinds.SERVICE,
    kinds.LIMIT_RANGE,
    kinds.RESOURCE_QUOTA,
    kinds.DEPLOYMENT,
    kinds.STATEFUL_SET,
    kinds.PERSISTENT_VOLUME_CLAIM,
    kinds.INGRESS,
    kinds.NETWORK_POLICY,
)
"""Of what a store of today's plans consists. A kind that a chart renders beyond these is not watched for drift: the Job
of an upgrade goes away by itself."""

BY_NAME: Mapping[str, Kind] = {kind.kind: kind for kind in KINDS}
RELEASES = f"owner=helm,name={labels.RELEASE}"
HELM_MANAGER = "helm"

Manifests = Mapping[str, Mapping[str, Manifest]]
"""By kind and name."""


class Record(Enum):
    """What became of the release's record."""

    DEPLOYED = "deployed"
    UNSETTLED = "unsettled"
    MISSING = "missing"


@dataclass(frozen=True)
class Standing:
    """The release's record as it was just seen, and what the store is to consist of by it."""

    record: Record
    manifests: Manifests = field(default_factory=dict)

    def manifest(self, kind: str, name: str) -> Manifest | None:
        """One object as it should be; None when nobody asked for it."""
        return self.manifests.get(kind, {}).get(name)


def look(cluster: Cluster, store: Store) -> Standing:
    """One list of metadata, and the record itself only when the row is not of it. Raises ClusterError."""
    found = sorted(cluster.metadata(kinds.SECRET, store.namespace, label_selector=RELEASES), key=revision_of)
    row = Desired.objects.filter(store=store).first()
    if not found:
        return Standing(Record.MISSING, row.manifests if row else {})
    newest = found[-1]["metadata"]
    if newest["labels"].get("status") != "deployed":
        # Helm is at work, or was stopped in the middle: what the objects should be is not settled.
        return Standing(Record.UNSETTLED)
    if row is None or row.release_uid != newest["uid"]:
        secret = cluster.get(kinds.SECRET, newest["name"], store.namespace)
        if secret is None:
            return Standing(Record.UNSETTLED)
        row = keep(store, secret)
    if claimed.KIND.kind not in row.manifests:
        claimed.remember(cluster, store)
        row.refresh_from_db()
    return Standing(Record.DEPLOYED, row.manifests)


def remember(cluster: Cluster, store: Store, release: Release) -> None:
    """Keep what was just deployed, unless it is kept already. Raises ClusterError."""
    if release.uid and Desired.objects.filter(store=store, release_uid=release.uid).exists():
        return
    name = f"sh.helm.release.v1.{labels.RELEASE}.v{release.revision}"
    secret = cluster.get(kinds.SECRET, name, store.namespace)
    if secret is not None:
        keep(store, secret)


def keep(store: Store, secret: Manifest) -> Desired:
    """Write the row from a release's record."""
    wanted = sorted_by_kind([*_own(store), *release_manifest(secret)])
    with transaction.atomic():
        row = Desired.objects.select_for_update().filter(store=store).first() or Desired(store=store, manifests={})
        row.release_revision = revision_of(secret)
        row.release_uid = secret["metadata"].get("uid", "")
        # Which volumes the claims were born with is of no release.
        of_claims = {kind: those for kind, those in row.manifests.items() if kind == claimed.KIND.kind}
        row.manifests = {**wanted, **of_claims}
        row.save()
    return row


def forget(store: Store) -> None:
    """The store is gone: nothing is desired of it, and what was found of it has ended."""
    Desired.objects.filter(store=store).delete()
    Finding.objects.filter(store=store, healed_at__isnull=True).update(healed_at=timezone.now())


def sorted_by_kind(manifests: Iterable[Manifest]) -> dict[str, dict[str, Manifest]]:
    """Manifests by kind and name, complete and without the values of Secrets."""
    found: dict[str, dict[str, Manifest]] = {}
    for manifest in manifests:
        found.setdefault(manifest["kind"], {})[manifest["metadata"]["name"]] = redacted(completed(manifest))
    return found


def manager_of(manifest: Manifest) -> str:
    """Who applies an object, so that its fields stay with the one who owns them."""
    annotations = manifest["metadata"].get("annotations") or {}
    return HELM_MANAGER if "meta.helm.sh/release-name" in annotations else FIELD_MANAGER


def revision_of(secret: Manifest) -> int:
    """The number of a release's revision, from its record's labels."""
    return int(secret["metadata"]["labels"].get("version", 0))


def _own(store: Store) -> list[Manifest]:
    """The objects that Helm doesn't make. The id of the request that made one is not asked for again."""
    namespace, secret = namespaces.manifest(store, ""), secrets.manifest(store, "")
    del namespace["metadata"]["annotations"][labels.REQUEST_ID]
    del secret["metadata"]["annotations"]
    return [namespace, secret]
