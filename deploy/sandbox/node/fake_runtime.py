"""A runtime without processes: pods become ready after a while. For tests with thousands of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.controllers.objects import Obj, stamp, uid_of
from sandbox.node import status
from sandbox.node.addresses import PodAddresses
from sandbox.node.status import ContainerState


class FakeRuntime:
    """Says that pods run. Pods of Jobs end well after the same time."""

    def __init__(
        self, node_ip: str, addresses: PodAddresses, ready_after_ms: int, report: Callable[[Obj, Obj], None]
    ) -> None:
        self._node_ip, self._addresses = node_ip, addresses
        self._delay = ready_after_ms / 1000
        self._report = report
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def begin(self, pod: Obj) -> None:
        """Have the pod ready in a while; a pod that was ready before a restart of the sandbox stays so."""
        uid = uid_of(pod)
        address = self._addresses.take(uid, (pod.get("status") or {}).get("podIP", ""))
        self._timers[uid] = asyncio.get_running_loop().call_later(self._delay, self._ready, pod, address)

    def knows(self, uid: str) -> bool:
        """Whether the pod was begun and not ended."""
        return uid in self._timers

    async def end(self, pod: Obj, grace_seconds: float) -> Obj | None:
        """Forget the pod."""
        timer = self._timers.pop(uid_of(pod), None)
        if timer is not None:
            timer.cancel()
        self._addresses.free(uid_of(pod))
        return None

    def config_changed(self, namespace: str) -> None:
        """Nothing reads volumes here."""

    async def close(self) -> None:
        """Stop the timers."""
        for timer in self._timers.values():
            timer.cancel()

    def _ready(self, pod: Obj, address: str) -> None:
        over = (pod["spec"].get("restartPolicy") or "Always") != "Always"
        ended: Obj = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": stamp(), "finishedAt": stamp()}}
        running: Obj = {"running": {"startedAt": stamp()}}
        states = [
            ContainerState(
                name=spec["name"],
                image=spec["image"],
                kind=kind,
                state=ended if kind == "init" or over else running,
                ready=not over,
                started=kind == "main" and not over,
                container_id=f"fake://{uid_of(pod)}/{spec['name']}",
                image_id=f"fake://{spec['image']}",
            )
            for kind, name in (("init", "initContainers"), ("main", "containers"))
            for spec in pod["spec"].get(name) or ()
        ]
        self._report(pod, status.build(pod, states, status.Place(address, self._node_ip, stamp())))
