"""The scheduler: every pod goes to the one node."""

from __future__ import annotations

from typing import ClassVar

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.events import Recorder
from sandbox.controllers.objects import Key, is_deleting
from sandbox.node.host import NODE_NAME


class Scheduler(Controller):
    """Binds pods; resources, selectors and taints are not weighed, since there is no choice."""

    name: ClassVar[str] = "scheduler"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.recorder = Recorder(cluster, "default-scheduler")
        self.pods = self.watch(cluster.cache("pods"))

    def reconcile(self, key: Key) -> float | None:
        """One pass over a pod."""
        pod = self.pods.get(key)
        if pod is None or pod["spec"].get("nodeName") or pod["spec"].get("schedulingGates") or is_deleting(pod):
            return None
        bound = self.cluster.update(self.pods, {**pod, "spec": {**pod["spec"], "nodeName": NODE_NAME}})
        message = f"Successfully assigned {key[0]}/{key[1]} to {NODE_NAME}"
        self.recorder.normal(bound, "Scheduled", message)
        return None
