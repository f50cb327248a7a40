"""The kubelet: pods of the API that are bound to this node ↔ runners."""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar, Protocol

from sandbox.api.errors import ApiError
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, is_deleting, key_of, uid_of
from sandbox.controllers.pods import FINISHED, phase_of
from sandbox.node.host import NODE_NAME

log = logging.getLogger("sandbox.node")


class Runtime(Protocol):
    """What runs pods: local processes, or nothing that says it is ready."""

    def begin(self, pod: Obj) -> None:
        """Start to run a pod."""

    def knows(self, uid: str) -> bool:
        """Whether the pod runs, or its end is not yet taken away."""

    async def end(self, pod: Obj, grace_seconds: float) -> Obj | None:
        """Stop the pod and take everything of it away; returns its last status."""

    def config_changed(self, namespace: str) -> None:
        """A ConfigMap or Secret of the namespace changed."""

    async def close(self) -> None:
        """Stop all pods, each within its grace period."""


class StatusWriter:
    """Writes the statuses of pods."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._pods = cluster.cache("pods")

    def __call__(self, pod: Obj, status: Obj) -> None:
        """Write the status, if this is still the pod of its name and the status is new."""
        current = self._pods.get(key_of(pod))
        if current is None or uid_of(current) != uid_of(pod):
            return
        try:
            self._cluster.set_status(self._pods, current, status)
        except ApiError as error:
            log.info("status of pod %s/%s not written: %s", *key_of(pod), error)


class Kubelet(Controller):
    """Starts pods, ends them, and takes deleted ones out of the API when nothing of them is left."""

    name: ClassVar[str] = "kubelet"

    def __init__(self, cluster: Cluster, runtime: Runtime) -> None:
        super().__init__(cluster)
        self.runtime = runtime
        self._report = StatusWriter(cluster)
        self.pods = self.watch(cluster.cache("pods"))
        for kind in ("configmaps", "secrets"):
            cluster.cache(kind).handlers.append(self._config_changed)
        self.pods.handlers.append(self._pod_removed)
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._deadlines: dict[str, float] = {}

    def reconcile(self, key: Key) -> float | None:
        """One pass over a pod."""
        pod = self.pods.get(key)
        if pod is None or pod["spec"].get("nodeName") != NODE_NAME:
            return None
        if is_deleting(pod):
            self._end(pod, float(pod["metadata"].get("deletionGracePeriodSeconds") or 0))
        elif not self.runtime.knows(uid_of(pod)) and phase_of(pod) not in FINISHED:
            self.runtime.begin(pod)
        return None

    def _end(self, pod: Obj, grace_seconds: float) -> None:
        """Stop a pod once; a later delete with a shorter grace period ends it sooner."""
        uid = uid_of(pod)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_seconds
        if uid in self._ending:
            if deadline >= self._deadlines[uid] - 0.5:
                return
            hurry = loop.create_task(self._hurry(pod, grace_seconds))
            hurry.add_done_callback(_log_failure)
        else:
            self._ending[uid] = loop.create_task(self._finish(pod, grace_seconds))
            self._ending[uid].add_done_callback(_log_failure)
        self._deadlines[uid] = deadline

    async def _hurry(self, pod: Obj, grace_seconds: float) -> None:
        await asyncio.sleep(grace_seconds)
        await self.runtime.end(pod, 0)

    async def _finish(self, pod: Obj, grace_seconds: float) -> None:
        try:
            last = await self.runtime.end(pod, grace_seconds)
            current = self.pods.get(key_of(pod))
            if current is not None and uid_of(current) == uid_of(pod):
                if last is not None and current["metadata"].get("finalizers"):
                    self._report(pod, last)
                self.cluster.delete(self.pods, current, grace_seconds=0)
        finally:
            self._ending.pop(uid_of(pod), None)
            self._deadlines.pop(uid_of(pod), None)

    def _pod_removed(self, old: Obj | None, new: Obj | None) -> None:
        """A pod that was taken out of the API by force: its processes go at once."""
        if new is not None or old is None or uid_of(old) in self._ending:
            return
        if old["spec"].get("nodeName") == NODE_NAME:
            self._end(old, 0)

    def _config_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is not None and new is not None:
            self.runtime.config_changed(key_of(new)[0])


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("ending a pod failed", exc_info=task.exception())
