"""The runtime of real pods: a runner for each, and the folders, addresses and logs that go with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sandbox.api.errors import ApiError
from sandbox.controllers.objects import Obj, key_of, uid_of
from sandbox.node.container import Container
from sandbox.node.host import Host
from sandbox.node.logs import LogQuery, read
from sandbox.node.pod import PodRunner
from sandbox.node.volumes import remove_tree


class ProcessRuntime:
    """Pods as local processes."""

    def __init__(self, host: Host, report: Callable[[Obj, Obj], None]) -> None:
        self.host = host
        self._report = report
        self._runners: dict[str, PodRunner] = {}

    async def sweep(self) -> None:
        """Remove folders of pods that no longer exist: a sandbox that was killed may have left some."""
        known = {uid_of(pod) for pod in self.host.cluster.cache("pods")}
        for folder in await asyncio.to_thread(self._folders):
            if folder.name.rpartition("_")[2] not in known:
                await asyncio.to_thread(remove_tree, folder)

    def _folders(self) -> list[Path]:
        return [*(self.host.state / "pods").glob("*"), *(self.host.state / "logs").glob("*")]

    def begin(self, pod: Obj) -> None:
        """Start to run a pod."""
        runner = PodRunner(self.host, pod, self._report)
        self._runners[uid_of(pod)] = runner
        runner.start()

    def knows(self, uid: str) -> bool:
        """Whether the pod runs, or its end is not yet taken away."""
        return uid in self._runners

    async def end(self, pod: Obj, grace_seconds: float) -> Obj | None:
        """Stop the pod; its folder, logs and address are free afterwards."""
        runner = self._runners.get(uid_of(pod))
        last = None
        if runner is not None:
            await runner.stop(grace_seconds)
            last = runner.final_status()
        self._runners.pop(uid_of(pod), None)
        for folder in (self.host.pod_folder(pod), self.host.log_folder(pod)):
            if folder.exists():
                await asyncio.to_thread(remove_tree, folder)
        self.host.addresses.free(uid_of(pod))
        return last

    def config_changed(self, namespace: str) -> None:
        """Pods of this namespace write their volumes again."""
        for runner in self._runners.values():
            if key_of(runner.pod)[0] == namespace:
                runner.config_changed()

    async def close(self) -> None:
        """Stop all pods, each within its own grace period; their folders stay for the next start."""
        grace = [float(r.pod["spec"].get("terminationGracePeriodSeconds", 30)) for r in self._runners.values()]
        await asyncio.gather(*(r.stop(g) for r, g in zip(self._runners.values(), grace, strict=True)))

    def logs(self, pod: Obj, name: str, query: LogQuery, *, previous: bool = False) -> AsyncIterator[bytes]:
        """The log of a container; raises ApiError 400 as a kubelet does when there is none."""
        folder = self.host.log_folder(pod) / name
        runner = self._runners.get(uid_of(pod))
        container = runner.container(name) if runner else None
        run = _latest_run(folder, container, previous=previous)
        if run is None:
            title = key_of(pod)[1]
            words = f'previous terminated container "{name}" in pod "{title}" not found'
            if not previous:
                words = f'container "{name}" in pod "{title}" is waiting to start: {_why(container)}'
            raise ApiError(400, "BadRequest", words)
        live = container.log if container and container.log and container.log.path == run else None
        return read(run, query, live)


def _latest_run(folder: Path, container: Container | None, *, previous: bool) -> Path | None:
    """The newest log file, or the one before it."""
    runs = sorted(folder.glob("*.log"), key=lambda file: int(file.stem)) if folder.is_dir() else []
    waiting = container is not None and "waiting" in container.state.state
    if previous and not waiting:
        runs = runs[:-1]
    return runs[-1] if runs else None


def _why(container: Container | None) -> str:
    waiting = (container.state.state.get("waiting") if container else None) or {}
    return str(waiting.get("reason") or "ContainerCreating")
