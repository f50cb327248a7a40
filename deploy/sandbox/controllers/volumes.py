"""Persistent volumes: a folder for each claim, made when the claim comes and removed when it goes."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import ClassVar

from sandbox.api.errors import ApiError
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, annotations_of, is_deleting, key_of, uid_of
from sandbox.controllers.pods import FINISHED, phase_of

PROVISIONER = "storeplane.dev/sandbox-folder"
DEFAULT_CLASS = "standard"
DEFAULT_CLASS_ANNOTATION = "storageclass.kubernetes.io/is-default-class"
CLAIM_FINALIZER = "kubernetes.io/pvc-protection"


def default_storage_class() -> Obj:
    """The class that claims without one get."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": DEFAULT_CLASS, "annotations": {DEFAULT_CLASS_ANNOTATION: "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": False,
    }


class VolumeController(Controller):
    """Binds claims to folders below `root`; a claim in use by a pod is not let go."""

    name: ClassVar[str] = "persistentvolume"

    def __init__(self, cluster: Cluster, root: Path) -> None:
        super().__init__(cluster)
        self.root = root
        self.claims = self.watch(cluster.cache("persistentvolumeclaims"))
        self.volumes = self.watch(cluster.cache("persistentvolumes"))
        self.classes = cluster.cache("storageclasses", "storage.k8s.io")
        self.pods = cluster.cache("pods")
        self.claims.handlers.append(self._claim_changed)
        self.pods.handlers.append(self._pod_changed)
        self._removing: set[str] = set()

    async def sweep(self) -> None:
        """Remove folders whose volume no longer exists: a sandbox that was killed may have left some."""
        known = {volume["metadata"]["name"] for volume in self.volumes}
        for folder in await asyncio.to_thread(lambda: list(self.root.glob("pvc-*"))):
            if folder.name.partition("_")[0] not in known:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def reconcile(self, key: Key) -> float | None:
        """One pass over a claim, or over a volume (whose namespace is empty)."""
        if not key[0]:
            volume = self.volumes.get(key)
            if volume is not None:
                self._reclaim(volume)
            return None
        claim = self.claims.get(key)
        if claim is None:
            return None
        if is_deleting(claim):
            self._release(claim)
            return None
        if not claim["spec"].get("volumeName"):
            return self._provision(claim)
        self._report(claim)
        return None

    def _provision(self, claim: Obj) -> float | None:
        wanted = claim["spec"].get("storageClassName")
        if wanted == "":
            return None  # the convention for "bind me to a volume made by hand"; there are none here
        storage_class = self.classes.get(("", wanted or DEFAULT_CLASS))
        if storage_class is None:
            text = f'storageclass.storage.k8s.io "{wanted}" not found'
            self.recorder.warning(claim, "ProvisioningFailed", text)
            return 15.0
        volume = self._reserved(claim, storage_class) or self._make_volume(claim, storage_class)
        name = volume["metadata"]["name"]
        annotations = {
            **annotations_of(claim),
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            "volume.kubernetes.io/storage-provisioner": PROVISIONER,
        }
        finalizers = sorted({*(claim["metadata"].get("finalizers") or ()), CLAIM_FINALIZER})
        meta = {**claim["metadata"], "annotations": annotations, "finalizers": finalizers}
        spec = {**claim["spec"], "volumeName": name}
        claim = self.cluster.update(self.claims, {**claim, "metadata": meta, "spec": spec})
        self._report(claim)
        self.recorder.normal(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
        return None

    def _reserved(self, claim: Obj, storage_class: Obj) -> Obj | None:
        """A volume that names this claim, without a uid: somebody wants it to go to whoever comes by that name."""
        namespace, title = key_of(claim)
        for volume in self.volumes:
            reference = volume["spec"].get("claimRef") or {}
            named = (reference.get("namespace"), reference.get("name")) == (namespace, title)
            fits = volume["spec"].get("storageClassName") == storage_class["metadata"]["name"]
            if named and fits and reference.get("uid", uid_of(claim)) == uid_of(claim) and not is_deleting(volume):
                spec = {**volume["spec"], "claimRef": {**reference, "uid": uid_of(claim)}}
                bound = self.cluster.update(self.volumes, {**volume, "spec": spec})
                return self.cluster.set_status(self.volumes, bound, {"phase": "Bound"})
        return None

    def _make_volume(self, claim: Obj, storage_class: Obj) -> Obj:
        namespace, title = key_of(claim)
        name = f"pvc-{uid_of(claim)}"
        known = self.volumes.get(("", name))
        if known is not None:
            return known
        folder = self.root / f"{name}_{namespace}_{title}"
        folder.mkdir(parents=True, exist_ok=True)
        reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": title}
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name,
                "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
                "finalizers": ["kubernetes.io/pv-protection"],
            },
            "spec": {
                "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
                "accessModes": claim["spec"]["accessModes"],
                "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                "storageClassName": storage_class["metadata"]["name"],
                "volumeMode": "Filesystem",
                "hostPath": {"path": str(folder), "type": ""},
                "claimRef": {**reference, "uid": uid_of(claim)},
            },
        }
        return self.cluster.set_status(self.volumes, self.cluster.create(self.volumes, volume), {"phase": "Bound"})

    def _report(self, claim: Obj) -> None:
        """Show a bound claim as Bound, or as Lost when its volume is gone."""
        volume = self.volumes.get(("", claim["spec"]["volumeName"]))
        status: Obj = {"phase": "Lost"}
        if volume is not None:
            modes, capacity = volume["spec"]["accessModes"], volume["spec"]["capacity"]
            status = {"phase": "Bound", "accessModes": modes, "capacity": capacity}
        self.cluster.set_status(self.claims, claim, status)

    def _release(self, claim: Obj) -> None:
        """Let a claim go once no pod that still runs uses it."""
        finalizers = claim["metadata"].get("finalizers") or []
        users = [pod for pod in self.pods.in_namespace(key_of(claim)[0]) if key_of(claim)[1] in claims_of(pod)]
        if CLAIM_FINALIZER in finalizers and all(phase_of(pod) in FINISHED for pod in users):
            left = [name for name in finalizers if name != CLAIM_FINALIZER]
            self.cluster.update(self.claims, {**claim, "metadata": {**claim["metadata"], "finalizers": left}})

    def _reclaim(self, volume: Obj) -> None:
        """Remove the folder of a volume whose claim is gone, then the volume."""
        reference, name = volume["spec"].get("claimRef") or {}, volume["metadata"]["name"]
        claim = self.claims.get((reference.get("namespace", ""), reference.get("name", "")))
        if claim is not None and uid_of(claim) == reference.get("uid"):
            return
        if not reference.get("uid") and not is_deleting(volume):
            self.cluster.set_status(self.volumes, volume, {**(volume.get("status") or {}), "phase": "Available"})
            return
        if volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete" and not is_deleting(volume):
            self.cluster.set_status(self.volumes, volume, {**(volume.get("status") or {}), "phase": "Released"})
            return
        if name not in self._removing:
            self._removing.add(name)
            removal = asyncio.get_running_loop().create_task(self._remove(volume))
            removal.add_done_callback(lambda _: self._removing.discard(name))

    async def _remove(self, volume: Obj) -> None:
        folder = Path(volume["spec"]["hostPath"]["path"])
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete" and folder.is_relative_to(self.root):
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        try:
            if volume["metadata"].get("finalizers"):
                meta = {**volume["metadata"], "finalizers": []}
                self.cluster.update(self.volumes, {**volume, "metadata": meta})
            self.cluster.delete(self.volumes, volume)
        except ApiError:
            self.queue.retry(key_of(volume))

    def _claim_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None and old is not None and old["spec"].get("volumeName"):
            self.queue.add(("", old["spec"]["volumeName"]))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        """The end of a pod may let a deleted claim go."""
        pod = new or old
        if pod is not None and (new is None or phase_of(pod) in FINISHED):
            for name in claims_of(pod):
                claim = self.claims.get((key_of(pod)[0], name))
                if claim is not None and is_deleting(claim):
                    self.queue.add(key_of(claim))


def claims_of(pod: Obj) -> set[str]:
    """Names of the claims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or ()
    return {v["persistentVolumeClaim"]["claimName"] for v in volumes if v.get("persistentVolumeClaim")}
