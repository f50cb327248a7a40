"""Controllers, node and network over one registry: everything of the sandbox but its HTTP API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.api.errors import ApiError
from sandbox.api.options import LogOptions
from sandbox.api.registry import Registry
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.deployment import DeploymentController
from sandbox.controllers.disruption import DisruptionController
from sandbox.controllers.endpoints import EndpointsController
from sandbox.controllers.events import Recorder
from sandbox.controllers.expiry import expire_events
from sandbox.controllers.job import JobController
from sandbox.controllers.objects import Obj
from sandbox.controllers.replicaset import ReplicaSetController
from sandbox.controllers.statefulset import StatefulSetController
from sandbox.controllers.volumes import VolumeController, default_storage_class
from sandbox.network.backends import Backends
from sandbox.network.forwarder import Forwarder
from sandbox.network.ingress import IngressController, default_ingress_class
from sandbox.network.proxy import IngressProxy
from sandbox.node import nodes
from sandbox.node.addresses import Block, PodAddresses
from sandbox.node.fake_runtime import FakeRuntime
from sandbox.node.host import NODE_NAME, Host
from sandbox.node.images import ImageTable
from sandbox.node.kubelet import Kubelet, Runtime, StatusWriter
from sandbox.node.logs import query_of
from sandbox.node.memory import MemoryWatch
from sandbox.node.names import HostsFile
from sandbox.node.process_runtime import ProcessRuntime
from sandbox.node.processes import Processes
from sandbox.node.scheduler import Scheduler

log = logging.getLogger("sandbox")

LOCALHOST = "127.0.0.1"


@dataclass(frozen=True)
class PlaneSettings:
    """How the plane is set up; `ready_after_ms` set means the fake runtime."""

    state: Path
    images: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    ingress_upstream: tuple[str, int] | None = None
    ready_after_ms: int | None = None


class Plane:
    """Start it on a running loop; `stop` ends all pods within their grace periods."""

    def __init__(self, registry: Registry, block: Block, settings: PlaneSettings) -> None:
        self.settings = settings
        self.cluster = Cluster(registry)
        self._block = block
        self._fake = settings.ready_after_ms is not None
        self.images = ImageTable(settings.images, settings.variables)
        self.processes = Processes()
        self.memory = MemoryWatch()
        self.hosts = HostsFile(self.cluster, settings.state / "run" / "hosts")
        self.runtime = self._runtime()
        self.kubelet = Kubelet(self.cluster, self.runtime)
        self.backends = Backends(self.cluster)
        self.ingress = IngressController(self.cluster, LOCALHOST)
        self.proxy = IngressProxy(self.ingress.routes, self.backends, settings.ingress_upstream)
        self.forwarder = None if self._fake else Forwarder(self.cluster, self.backends)
        self.volumes = VolumeController(self.cluster, settings.state / "volumes")
        self.controllers: list[Controller] = [
            DeploymentController(self.cluster),
            ReplicaSetController(self.cluster),
            StatefulSetController(self.cluster),
            JobController(self.cluster),
            self.volumes,
            EndpointsController(self.cluster),
            DisruptionController(self.cluster),
            Scheduler(self.cluster),
            self.ingress,
            *([self.forwarder] if self.forwarder else []),
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, ingress_port: int = 0) -> int:
        """Begin; returns the port of the ingress. Raises OSError when that is taken."""
        port = await self.proxy.listen(LOCALHOST, ingress_port)
        if not self._fake:
            self.processes.open()
        self._make_defaults()
        self.cluster.start()
        if not self._fake:
            self.hosts.open()
        await self.volumes.sweep()
        if isinstance(self.runtime, ProcessRuntime):
            await self.runtime.sweep()
        runs = [controller.run() for controller in [*self.controllers, self.kubelet]]
        runs += [expire_events(self.cluster), self.memory.run()]
        self._tasks = [asyncio.get_running_loop().create_task(run) for run in runs]
        return port

    async def stop(self) -> None:
        """End everything, pods first, so that they still reach each other while they stop."""
        await _cancel(self._tasks)
        await self.runtime.close()
        await self.proxy.close()
        if self.forwarder is not None:
            await self.forwarder.close()
        self.hosts.close()
        await self.cluster.stop()
        if not self._fake:
            await self.processes.close()

    async def logs(self, namespace: str, name: str, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """The log of a container, for the API; raises ApiError 400 when there is none."""
        pod = self.cluster.cache("pods").get((namespace, name))
        if pod is None or not isinstance(self.runtime, ProcessRuntime):
            raise ApiError(400, "BadRequest", f'the pod "{name}" has no logs')
        async for chunk in self.runtime.logs(pod, container, query_of(options), previous=options.previous):
            yield chunk

    def _runtime(self) -> Runtime:
        report = StatusWriter(self.cluster)
        addresses = PodAddresses(self._block.number)
        if self.settings.ready_after_ms is not None:
            return FakeRuntime(self._block.node_ip, addresses, self.settings.ready_after_ms, report)
        host = Host(
            cluster=self.cluster,
            state=self.settings.state,
            node_ip=self._block.node_ip,
            images=self.images,
            processes=self.processes,
            addresses=addresses,
            hosts=self.hosts,
            recorder=Recorder(self.cluster, "kubelet", NODE_NAME),
            memory=self.memory,
        )
        return ProcessRuntime(host, report)

    def _make_defaults(self) -> None:
        """The Node and the default classes, if they aren't there."""
        nodes.register(self.cluster, self._block.node_ip, "fake" if self._fake else "process")
        for plural, group, obj in (
            ("storageclasses", "storage.k8s.io", default_storage_class()),
            ("ingressclasses", "networking.k8s.io", default_ingress_class()),
        ):
            self._make(plural, group, obj)

    def _make(self, plural: str, group: str, obj: Obj) -> None:
        try:
            self.cluster.create(self.cluster.cache(plural, group), obj)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
