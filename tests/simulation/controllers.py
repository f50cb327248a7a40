"""What a cluster does by itself as time passes: pods get ready, volumes are made and go, namespaces end."""

from provisioner import labels
from provisioner.cluster import Kind, Manifest
from provisioner.cluster.kinds import (
    DEPLOYMENT,
    NAMESPACE,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    STATEFUL_SET,
)
from tests.simulation.objects import Objects

READY_SECONDS = 2.0
GONE_SECONDS = 3.0


class Controllers:
    """Acts when the machine moves the clock. A namespace in `stuck` holds something with a finalizer."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.stuck: set[str] = set()

    def tick(self) -> None:
        """Do all that is due."""
        for kind in (STATEFUL_SET, DEPLOYMENT):
            for workload in list(self._objects.every(kind)):
                self._roll_out(kind, workload)
        for claim in list(self._objects.every(PERSISTENT_VOLUME_CLAIM)):
            self._end_claim(claim)
        for namespace in list(self._objects.every(NAMESPACE)):
            self._end_namespace(namespace)
        for volume in list(self._objects.every(PERSISTENT_VOLUME)):
            self._end_volume(volume)

    def _roll_out(self, kind: Kind, workload: Manifest) -> None:
        name, namespace = workload["metadata"]["name"], workload["metadata"]["namespace"]
        if kind == STATEFUL_SET:
            self._provide_volume(namespace)
        if self._objects.age(kind, name, namespace) >= READY_SECONDS:
            generation = workload["metadata"]["generation"]
            status = {"observedGeneration": generation, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
            self._objects.write_status(kind, name, namespace, status)

    def _provide_volume(self, namespace: str) -> None:
        """As the StatefulSet's claim template asks; a claim that is there is taken as it is."""
        place = self._objects.find(NAMESPACE, namespace)
        if place is None or place["metadata"].get("deletionTimestamp"):
            return
        if self._objects.find(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", namespace) is None:
            claim = _manifest(PERSISTENT_VOLUME_CLAIM, "data-postgres-0", namespace)
            claim["metadata"]["labels"] = {labels.PART_OF: "storeplane", labels.STORE_LABEL: labels.store_of(namespace)}
            made, _ = self._objects.put({**claim, "spec": {}}, new=True)
            volume = _manifest(PERSISTENT_VOLUME, f"pv-{made['metadata']['uid']}")
            reference = {"namespace": namespace, "name": "data-postgres-0", "uid": made["metadata"]["uid"]}
            volume["spec"] = {"claimRef": reference, "persistentVolumeReclaimPolicy": "Delete"}
            self._objects.put(volume, new=True)
            self._objects.put({**claim, "spec": {"volumeName": volume["metadata"]["name"]}})

    def _end_claim(self, claim: Manifest) -> None:
        """A claim in use by a pod stays until the pod is gone (`kubernetes.io/pvc-protection`)."""
        metadata = claim["metadata"]
        used = self._objects.find(STATEFUL_SET, "postgres", metadata["namespace"])
        if metadata.get("deletionTimestamp") and used is None and metadata["namespace"] not in self.stuck:
            self._objects.remove(PERSISTENT_VOLUME_CLAIM, metadata["name"], metadata["namespace"])

    def _end_namespace(self, namespace: Manifest) -> None:
        name = namespace["metadata"]["name"]
        if not namespace["metadata"].get("deletionTimestamp"):
            return
        if name in self.stuck:
            message = "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
            condition = {"type": "NamespaceFinalizersRemaining", "status": "True", "message": message}
            self._objects.write_status(NAMESPACE, name, None, {"conditions": [condition]})
        elif self._objects.age(NAMESPACE, name) >= GONE_SECONDS:
            self._objects.remove(NAMESPACE, name)

    def _end_volume(self, volume: Manifest) -> None:
        reference = volume["spec"]["claimRef"]
        claim = self._objects.find(PERSISTENT_VOLUME_CLAIM, reference["name"], reference["namespace"])
        if claim is None or claim["metadata"]["uid"] != reference["uid"]:
            self._objects.remove(PERSISTENT_VOLUME, volume["metadata"]["name"])


def _manifest(kind: Kind, name: str, namespace: str = "") -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, **place}}
