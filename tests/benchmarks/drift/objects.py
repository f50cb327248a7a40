"""What a store consists of, in bulk: the recorded objects of the chart, and those that the platform makes beside it.

An API server's side (`found`) and a row's side (`wanted`) come from one recording, so a sweep over them is clean. A
store has 14 objects of the chart, its namespace and its Secret; a claim, Helm's record, a copy of the Secret in the
platform's own namespace and a `Store` resource, which aren't all compared, lie there too.
"""

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from provisioner import labels, secrets
from provisioner.cluster import Manifest, kind_of, kinds
from provisioner.drift import desired
from provisioner.drift.desired import BY_NAME
from stores.choices import Phase
from stores.models import Store
from tenants.models import Tenant
from tests.people import tenant
from tests.provisioner.drift.recorded import pairs

RECORDED = "rec-small"
SPACE = f"store-{RECORDED}"
PLATFORM = "storeplane-system"
KOPF_FINALIZER = "kopf.zalando.org/KopfFinalizerMarker"
_BORN = "2026-11-25T23:14:02Z"
_HELM_RECORD_BYTES = 12_000


def name_of(number: int) -> str:
    """The name of a store, in the order in which the API server lists them."""
    return f"drift-{number:05}"


def wanted() -> list[Manifest]:
    """The recorded store as it is asked for, Secrets with values."""
    own = desired._own(Store(name=RECORDED, tenant=Tenant(slug="drift")))
    for manifest in own:
        if manifest["kind"] == "Secret":
            _fill(manifest)
    return [*own, *(wish for wish, found in pairs() if found["metadata"]["namespace"] == SPACE)]


def found() -> Iterator[Manifest]:
    """The recorded store as an API server keeps it, and what lies beside it."""
    namespace, secret, *_ = wanted()
    yield _kept({**namespace, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})
    yield _kept(secret)
    yield from (there for _, there in pairs() if there["metadata"]["namespace"] == SPACE)
    yield _kept(claim())
    yield _kept(release())
    yield _kept(copy(secret))
    yield _kept(_resource())


def claim() -> Manifest:
    """The database's claim, bound."""
    metadata = {"name": "data-postgres-0", "namespace": SPACE, "labels": labels.of(Store(name=RECORDED))}
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    spec["volumeName"] = f"pvc-{RECORDED}"
    manifest = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    return {**manifest, "status": {"phase": "Bound"}}


def release() -> Manifest:
    """Helm's record, as far as a list of metadata tells; its content is only as long as a real one."""
    names = {"owner": "helm", "name": labels.RELEASE, "status": "deployed", "version": "1"}
    metadata = {"name": f"sh.helm.release.v1.{labels.RELEASE}.v1", "namespace": SPACE, "labels": names}
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "helm.sh/release.v1"}
    return {**head, "data": {"release": "A" * _HELM_RECORD_BYTES}}


def renamed(text: str, name: str) -> str:
    """The text of a recorded object, as an object of another store."""
    return text.replace(RECORDED, name)


def renamed_manifest(manifest: Manifest, name: str) -> Manifest:
    """A recorded object as one of another store."""
    made: Manifest = json.loads(renamed(json.dumps(manifest), name))
    return made


def uid_of(name: str, manifest: Manifest) -> str:
    """An object's uid, which two processes know without telling each other."""
    metadata = manifest["metadata"]
    path = kind_of(manifest).path(metadata.get("namespace"), metadata["name"])
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}{path}"))


def rows(names: list[str], release_uids: list[str] | None = None) -> None:
    """Ready stores with what they are to consist of, multiplied by the database.

    `release_uids` are given where an API server has made the records and the claims, whose volumes it names itself.
    """
    owner, now = tenant("drift"), timezone.now()
    made = [Store(tenant=owner, name=name, phase=Phase.READY, ready_at=now, volume_size="1Gi") for name in names]
    stores = Store.objects.bulk_create(made, batch_size=1000)
    # The claim is compared only where the platform keeps a manifest of it.
    also = [claim()] if "PersistentVolumeClaim" in BY_NAME and not release_uids else []
    template = json.dumps(desired.sorted_by_kind([*wanted(), *({**each, "status": {}} for each in also)]))
    uids = release_uids or [uid_of(name, release()) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO provisioner_desired (store_id, release_revision, release_uid, manifests, written_at)"
            " SELECT id, 1, uid, replace(%s, %s, name)::jsonb, now()"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS made (id, name, uid)",
            [template, RECORDED, [each.pk for each in stores], names, uids],
        )
        cursor.execute("ANALYZE")


def _fill(secret: Manifest) -> None:
    fresh = secrets.manifest(Store(name=RECORDED), "")
    given = {key: base64.b64encode(value.encode()).decode() for key, value in fresh.get("stringData", {}).items()}
    secret["data"] = given or fresh["data"]
    secret.pop("stringData", None)


def copy(secret: Manifest) -> Manifest:
    """The store's Secret as the platform keeps it for itself."""
    metadata = {"name": SPACE, "namespace": PLATFORM, "labels": {"storeplane.dev/kept-for": RECORDED}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": dict(secret["data"])}


def _resource() -> Manifest:
    """For the peer, whose finalizer it has already, as after a restart of the operator."""
    spec = {"engine": "medusa", "plan": "small", "tenant": "drift"}
    head = {"apiVersion": kinds.STORE.api_version, "kind": "Store"}
    return {**head, "metadata": {"name": RECORDED, "generation": 1, "finalizers": [KOPF_FINALIZER]}, "spec": spec}


def _kept(manifest: Manifest) -> Manifest:
    """With what an API server notes of each object."""
    noted = {"uid": uid_of(RECORDED, manifest), "creationTimestamp": _BORN, "resourceVersion": "1"}
    return {**manifest, "metadata": {**manifest["metadata"], **noted}}
