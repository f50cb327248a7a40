"""The life of one pod: volumes, init containers in order, containers, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from sandbox.controllers.objects import Obj, key_of, stamp, uid_of
from sandbox.node import status
from sandbox.node.container import Container
from sandbox.node.host import Host
from sandbox.node.launch import context_of
from sandbox.node.volumes import MountError, PodVolumes

log = logging.getLogger("sandbox.node")


class PodRunner:
    """Runs one pod. `report(pod, status)` writes the status; `finished` is set when no process is left."""

    def __init__(self, host: Host, pod: Obj, report: Callable[[Obj, Obj], None]) -> None:
        self.host, self.pod, self._report = host, pod, report
        namespace = key_of(pod)[0]
        self.volumes = PodVolumes(host.pod_folder(pod), lambda name: host.claim_folder(namespace, name))
        self.containers = [self._container(*entry) for entry in _containers(pod)]
        self.address = ""
        self.finished = asyncio.Event()
        self._started = stamp()
        self._pending: asyncio.Handle | None = None
        self._stopping = False
        self._ended = ""
        self._lives: list[asyncio.Task[None]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; a pod that the sandbox ran before its restart goes on with its counters."""
        self._resume(self.pod.get("status") or {})
        self._task = asyncio.get_running_loop().create_task(self._run())

    def container(self, name: str) -> Container | None:
        """A container by its name."""
        return next((c for c in self.containers if c.spec["name"] == name), None)

    def config_changed(self) -> None:
        """A ConfigMap or Secret of the namespace changed: write the volumes again."""
        if self.address and not self._stopping:
            with contextlib.suppress(MountError):
                self.volumes.refresh(context_of(self.host, self.pod, self.address))

    async def stop(self, grace_seconds: float) -> None:
        """End all containers, sidecars last; afterwards `finished` is set and the status is final."""
        if self._stopping:
            await self.finished.wait()
            return
        self._stopping = True
        main = [c for c in self.containers if c.kind != "sidecar"]
        await asyncio.gather(*(c.stop(grace_seconds) for c in main))
        for sidecar in reversed([c for c in self.containers if c.kind == "sidecar"]):
            await sidecar.stop(grace_seconds)
        await asyncio.gather(*self._lives, return_exceptions=True)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        codes = [c.state.exit_code for c in self.containers if c.kind == "main"]
        self._ended = "Succeeded" if all(code == 0 for code in codes) else "Failed"
        self.finished.set()

    def publish(self) -> None:
        """Write the status soon; several changes in a row make one write."""
        if self._pending is None:
            self._pending = asyncio.get_running_loop().call_soon(self._publish_now)

    def final_status(self) -> Obj:
        """The status after `stop`."""
        return self._status()

    def _status(self) -> Obj:
        current = self.host.cluster.cache("pods").get(key_of(self.pod))
        if current is not None and uid_of(current) == uid_of(self.pod):
            self.pod = current  # labels may change, and conditions keep their times
        place = status.Place(self.address, self.host.node_ip, self._started)
        return status.build(self.pod, [c.state for c in self.containers], place, self._ended)

    def _publish_now(self) -> None:
        self._pending = None
        self._report(self.pod, self._status())

    async def _run(self) -> None:
        try:
            wanted = (self.pod.get("status") or {}).get("podIP", "")
            self.address = self.host.addresses.take(uid_of(self.pod), wanted)
            self.publish()
            await self._mount()
            if not await self._initialize():
                self.finished.set()
                return
            mains = [self._begin(c) for c in self.containers if c.kind == "main"]
            await asyncio.wait(mains)
            for sidecar in reversed([c for c in self.containers if c.kind == "sidecar"]):
                await sidecar.stop(float(self.pod["spec"].get("terminationGracePeriodSeconds", 30)))
            self.finished.set()
        except Exception:
            log.exception("pod %s/%s", *key_of(self.pod))

    async def _mount(self) -> None:
        """Set up the volumes, trying again while something is missing."""
        pause = 0.2
        while True:
            try:
                self.volumes.prepare(context_of(self.host, self.pod, self.address))
            except MountError as error:
                if pause > 1:  # a claim that binds within a second is no story worth telling
                    self.host.recorder.warning(self.pod, "FailedMount", str(error))
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)

    async def _initialize(self) -> bool:
        """Init containers one after the other; False when one failed for good."""
        for container in self.containers:
            if container.kind == "main":
                continue
            life = self._begin(container)
            await container.settled.wait()
            if container.kind == "init":
                await life
                if container.state.exit_code != 0:
                    return False
        return True

    def _begin(self, container: Container) -> asyncio.Task[None]:
        life = asyncio.get_running_loop().create_task(container.run(self.address))
        self._lives.append(life)
        return life

    def _container(self, spec: Obj, kind: str) -> Container:
        return Container(self.host, self.pod, spec, kind, volumes=self.volumes, changed=self.publish)

    def _resume(self, old: Obj) -> None:
        """After a restart of the sandbox the containers were killed with it, and start again."""
        known = [*(old.get("initContainerStatuses") or ()), *(old.get("containerStatuses") or ())]
        for entry in known:
            container = self.container(entry["name"])
            if container is None or not entry.get("containerID"):
                continue
            container.resume(entry)
        self._started = old.get("startTime") or self._started


def _containers(pod: Obj) -> list[tuple[Obj, str]]:
    init = [
        (spec, "sidecar" if spec.get("restartPolicy") == "Always" else "init")
        for spec in pod["spec"].get("initContainers") or ()
    ]
    return [*init, *((spec, "main") for spec in pod["spec"]["containers"])]
