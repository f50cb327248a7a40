"""Leftovers of stores in a real API server and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from provisioner import volumes
from provisioner.cluster import NotFound
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SECRET
from provisioner.drift.orphans import sweeping
from provisioner.drift.orphans.models import Orphan
from provisioner.labels import CLAIM_NAME
from provisioner.safekeeping import KEPT_FOR
from stores.publish import streams
from tests.provisioner.mirror.conftest import Remembered, api, person

__all__ = ["api", "person"]

LABELS = {"app.kubernetes.io/part-of": "storeplane"}


def namespace(api: Remembered, store: str) -> dict[str, Any]:
    """A store's namespace."""
    metadata = {"name": f"store-{store}", "labels": {**LABELS, "storeplane.dev/store": store}}
    return api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def claim(api: Remembered, store: str, name: str = "data") -> dict[str, Any]:
    """Its volume's claim."""
    metadata = {"name": name, "namespace": f"store-{store}", "labels": {**LABELS, "storeplane.dev/store": store}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return api.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})


def release(api: Remembered, store: str, *revisions: str) -> list[dict[str, Any]]:
    """Helm's Secrets, one for each status."""
    made = []
    for number, status in enumerate(revisions, start=1):
        name = f"sh.helm.release.v1.store.v{number}"
        labels = {"owner": "helm", "name": "store", "status": status, "version": str(number)}
        metadata = {"name": name, "namespace": f"store-{store}", "labels": labels}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "helm.sh/release.v1"}
        made.append(api.create(secret))
    return made


def resource(api: Remembered, store: str) -> dict[str, Any]:
    """The Store resource as the platform writes it."""
    metadata = {"name": store, "finalizers": ["storeplane.dev/teardown"]}
    spec = {"engine": "medusa", "tenant": "acme"}
    return api.apply({"apiVersion": "storeplane.dev/v1", "kind": "Store", "metadata": metadata, "spec": spec})


def volume(api: Remembered, store: str) -> dict[str, Any]:
    """A volume that its class retained when the claim went."""
    made = claim(api, store, CLAIM_NAME)
    api.wait_for(PERSISTENT_VOLUME_CLAIM, made["metadata"]["name"], f"store-{store}", _is_bound, timeout=60)
    name = f"pvc-{made['metadata']['uid']}"
    api.patch_merge(PERSISTENT_VOLUME, name, None, {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})
    api.delete(PERSISTENT_VOLUME_CLAIM, made["metadata"]["name"], f"store-{store}")
    released = api.wait_for(PERSISTENT_VOLUME, name, None, _is_released, timeout=60)
    assert released is not None
    return released


def _is_bound(found: dict[str, Any] | None) -> bool:
    return found is not None and (found.get("status") or {}).get("phase") == "Bound"


def _is_released(found: dict[str, Any] | None) -> bool:
    return found is not None and (found.get("status") or {}).get("phase") == "Released"


def stream(store: str) -> None:
    """The events of a store."""
    streams().xadd(f"store:events:{store}", {"event": "{}"})


def everything(api: Remembered, store: str) -> None:
    """All that can be left of a store."""
    namespace(api, store)
    claim(api, store)
    release(api, store, "superseded", "deployed")
    resource(api, store)
    stream(store)


def found() -> set[tuple[str, str, str]]:
    """What the table says."""
    return set(Orphan.objects.values_list("kind", "namespace", "name"))


def orphan(api: Remembered, kind: str) -> Orphan:
    """The only one of that kind, as a sweep finds it."""
    sweeping.sweep(api)
    return Orphan.objects.get(kind=kind)


@pytest.fixture(autouse=True)
def no_leftovers(api: Remembered, redis_server: None) -> Iterator[None]:
    """Nothing from the test before, and nothing for the next one."""
    _clean(api)
    yield
    _clean(api)


def _clean(api: Remembered) -> None:
    for each in list(api.list(NAMESPACE, label_selector="storeplane.dev/store")):
        with suppress(NotFound):
            api.delete(NAMESPACE, each["metadata"]["name"])
            assert api.wait_gone(NAMESPACE, each["metadata"]["name"], timeout=60)
    for each in list(api.list(PERSISTENT_VOLUME)):
        name = each["metadata"]["name"]
        with suppress(NotFound):
            api.patch_merge(PERSISTENT_VOLUME, name, None, volumes.going(each["metadata"]["uid"]))
        assert api.wait_gone(PERSISTENT_VOLUME, name, timeout=60)
    for each in list(api.list(SECRET, label_selector=KEPT_FOR)):
        api.delete(SECRET, each["metadata"]["name"], each["metadata"]["namespace"])
    streams().flushdb()
