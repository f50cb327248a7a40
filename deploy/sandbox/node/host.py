"""What a node gives to every pod that it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.events import Recorder
from sandbox.controllers.objects import Obj
from sandbox.node.addresses import PodAddresses
from sandbox.node.images import ImageTable
from sandbox.node.memory import MemoryWatch
from sandbox.node.names import HostsFile
from sandbox.node.processes import Processes

NODE_NAME = "sandbox"


@dataclass
class Host:
    """The node's parts. `state` is the sandbox's folder."""

    cluster: Cluster
    state: Path
    node_ip: str
    images: ImageTable
    processes: Processes
    addresses: PodAddresses
    hosts: HostsFile
    recorder: Recorder
    memory: MemoryWatch

    def pod_folder(self, pod: Obj) -> Path:
        """Volumes and other files of a pod; gone with it."""
        return self.state / "pods" / str(pod["metadata"]["uid"])

    def log_folder(self, pod: Obj) -> Path:
        """Logs of a pod's containers, a folder for each; gone with it."""
        meta = pod["metadata"]
        return self.state / "logs" / f"{meta['namespace']}_{meta['name']}_{meta['uid']}"

    def lookup(self, namespace: str, kind: str, name: str) -> Obj | None:
        """A ConfigMap or Secret."""
        cache = self.cluster.cache("secrets" if kind == "Secret" else "configmaps")
        found = cache.get((namespace, name))
        return {**found, "kind": kind} if found else None

    def claim_folder(self, namespace: str, name: str) -> Path | None:
        """The folder of a bound claim."""
        claim = self.cluster.cache("persistentvolumeclaims").get((namespace, name))
        if claim is None or (claim.get("status") or {}).get("phase") != "Bound":
            return None
        volume = self.cluster.cache("persistentvolumes").get(("", claim["spec"].get("volumeName", "")))
        return Path(volume["spec"]["hostPath"]["path"]) if volume else None

    def services(self, namespace: str) -> list[Obj]:
        """The Services of a namespace."""
        return self.cluster.cache("services").in_namespace(namespace)

    def node(self) -> Obj | None:
        """The Node object."""
        return self.cluster.cache("nodes").get(("", NODE_NAME))
