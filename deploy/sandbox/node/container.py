"""The life of one container: image, start, end, restart with back-off, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable

from sandbox.controllers.objects import Obj, key_of, parse_time, stamp, uid_of
from sandbox.node.environment import ConfigError
from sandbox.node.host import Host
from sandbox.node.images import Image, ImageError, repository_of
from sandbox.node.launch import Launch, context_of, prepare
from sandbox.node.logs import LogFile, LogQuery, read
from sandbox.node.processes import StartError
from sandbox.node.run import Run
from sandbox.node.status import ContainerState
from sandbox.node.translate import UnknownProgramError
from sandbox.node.volumes import MountError, PodVolumes

FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 10.0, 300.0
# A container that ran this long starts again without back-off.
FORGIVEN_AFTER_SECONDS = 600.0
START_FAILED_CODE = 128
# What a kubelet writes for containers whose end it didn't see.
UNKNOWN_END = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": "the sandbox was restarted"}


class Container:
    """Runs one container of a pod; `changed` is called after every change of `state`."""

    def __init__(
        self, host: Host, pod: Obj, spec: Obj, kind: str, *, volumes: PodVolumes, changed: Callable[[], None]
    ) -> None:
        self.host, self.pod, self.spec, self.kind = host, pod, spec, kind
        self.volumes, self.changed = volumes, changed
        self.state = ContainerState(spec["name"], spec["image"], kind)
        if not pod["spec"].get("initContainers"):
            self.state.state = {"waiting": {"reason": "ContainerCreating"}}
        self.log: LogFile | None = None
        self.settled = asyncio.Event()  # set when a sidecar has started, or when the container has ended for good
        self._run: Run | None = None
        self._stop = asyncio.Event()
        self._crashes = 0
        policy = pod["spec"].get("restartPolicy") or "Always"
        self._always = kind == "sidecar" or (kind == "main" and policy == "Always")
        self._on_failure = kind == "sidecar" or policy != "Never"

    def resume(self, known: Obj) -> None:
        """Take over the counters from before a restart of the sandbox, which ended the process."""
        began = ((known.get("state") or {}).get("running") or {}).get("startedAt")
        self.state.restarts, self.state.last = int(known.get("restartCount") or 0), known.get("lastState") or {}
        if began:
            self.state.last = {"terminated": {**UNKNOWN_END, "startedAt": began, "finishedAt": stamp()}}
            self.state.restarts += 1
        elif "terminated" in (known.get("state") or {}):
            self.state.last = known["state"]
            self.state.restarts += 1 if self.kind != "init" else 0

    async def run(self, address: str) -> None:
        """Start, and start again as the restart policy says; returns when the container has ended for good."""
        try:
            while not self._stop.is_set():
                launch = await self._launched(address)
                if launch is None or not await self._run_once(launch):
                    break
                self._crashes += 1
                await self._back_off()
        finally:
            self.settled.set()

    async def stop(self, grace_seconds: float) -> None:
        """End the container; it isn't started again."""
        self._stop.set()
        if self._run is not None:
            self.event("Killing", f"Stopping container {self.spec['name']}")
            await self._run.end(grace_seconds)

    def set_started(self) -> None:
        """The startup probe succeeded, or there is none."""
        self.state.started = True
        self.state.ready = self.kind != "init" and not self.spec.get("readinessProbe")
        if self.kind == "sidecar":
            self.settled.set()
        self.changed()

    def set_ready(self, ready: bool) -> None:
        """The readiness probe changed its mind."""
        if self.state.ready != ready:
            self.state.ready = ready
            self.changed()

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Record an event about this container."""
        field = f"spec.{'containers' if self.kind == 'main' else 'initContainers'}{{{self.spec['name']}}}"
        record = self.host.recorder.warning if warning else self.host.recorder.normal
        record(self.pod, reason, message, field=field)

    async def _launched(self, address: str) -> Launch | None:
        """Everything needed to start, waiting for what is missing; None when stopped meanwhile."""
        pause = 1.0
        while not self._stop.is_set():
            image = self._image()
            if image is not None:
                try:
                    context = context_of(self.host, self.pod, address)
                    launch = prepare(self.host, self.pod, self.spec, image, context=context, volumes=self.volumes)
                except (ConfigError, MountError) as error:
                    self._wait_for("CreateContainerConfigError", str(error))
                    self.event("Failed", f"Error: {error}", warning=True)
                else:
                    self.event("Pulled", f'Container image "{self.spec["image"]}" already present on machine')
                    return launch
            await self._pause(pause)
            pause = min(pause * 2, 30.0)
        return None

    def _image(self) -> Image | None:
        """Find the image, or say ErrImagePull first and ImagePullBackOff after."""
        reference = self.spec["image"]
        found = self.host.images.find(reference)
        if found is None:
            with contextlib.suppress(ImageError):
                self.host.images.load()  # it may have been built meanwhile
            found = self.host.images.find(reference)
        if found is not None:
            return found
        waiting = self.state.state.get("waiting") or {}
        if waiting.get("reason") in {"ErrImagePull", "ImagePullBackOff"}:
            self._wait_for("ImagePullBackOff", f'Back-off pulling image "{reference}"')
            self.event("BackOff", f'Back-off pulling image "{reference}"')
            return None
        words = f'Failed to pull image "{reference}": no sandbox.toml names {repository_of(reference)}'
        self.event("Pulling", f'Pulling image "{reference}"')
        self.event("Failed", words, warning=True)
        self.event("Failed", "Error: ErrImagePull", warning=True)
        self._wait_for("ErrImagePull", words)
        return None

    async def _run_once(self, launch: Launch) -> bool:
        """Run to the end; True when the container is to start again."""
        self.log = self._open_log()
        self.state.container_id = f"sandbox://{uuid.uuid4().hex}"
        self.state.image_id = f"sandbox://{repository_of(self.spec['image'])}"
        run = Run(self.host, self.spec, launch, self.log, self)
        begun = stamp()
        try:
            await run.start()
        except (StartError, UnknownProgramError) as error:
            self._not_started(str(error))
            return self._on_failure and not self._stop.is_set()
        self._run = run
        self._started(run, begun)
        if self._stop.is_set():
            await run.end(0)
        ended = await run.wait()
        self._run = None
        reason = run.killed_for or ("Completed" if ended.code == 0 else "Error")
        self._terminated(ended.code, reason, begun, await self._last_words(ended.code))
        return not self._stop.is_set() and (self._always or (self._on_failure and ended.code != 0))

    def _started(self, run: Run, begun: str) -> None:
        self.event("Created", f"Created container: {self.spec['name']}")
        self.event("Started", f"Started container {self.spec['name']}")
        self.state.state = {"running": {"startedAt": begun}}
        if not self.spec.get("startupProbe"):
            self.set_started()
        self.changed()
        grace = float(self.pod["spec"].get("terminationGracePeriodSeconds", 30))
        run.begin_probes(grace_seconds=grace, only_hook=self.kind == "init")

    def _not_started(self, why: str) -> None:
        if self.log is not None:
            self.log.close()
        words = f"failed to create containerd task: failed to create shim task: {why}"
        self.event("Failed", f"Error: {words}", warning=True)
        self._terminated(START_FAILED_CODE, "StartError", stamp(), words)

    def _terminated(self, code: int, reason: str, begun: str, message: str) -> None:
        ended: Obj = {"exitCode": code, "reason": reason, "startedAt": begun, "finishedAt": stamp()}
        ended["containerID"] = self.state.container_id
        if message:
            ended["message"] = message
        self.state.state = {"terminated": ended}
        # An init container that did its work stays ready, as a kubelet shows it.
        self.state.ready = self.kind == "init" and code == 0
        self.state.started = False
        self.changed()

    async def _last_words(self, code: int) -> str:
        """With FallbackToLogsOnError, the end of the log."""
        if self.spec.get("terminationMessagePolicy") != "FallbackToLogsOnError" or not code or not self.log:
            return ""
        lines = [line async for line in read(self.log.path, LogQuery(tail_lines=80), None)]
        return b"".join(lines)[-2048:].decode(errors="replace")

    async def _back_off(self) -> None:
        """Wait before the next start: none before the first restart, then 10 s doubling up to 300 s."""
        ended = self.state.state["terminated"]
        ran = parse_time(ended["finishedAt"]) - parse_time(ended["startedAt"])
        if ran.total_seconds() > FORGIVEN_AFTER_SECONDS:
            self._crashes = 1
        self.state.last = self.state.state
        if self._crashes > 1:
            delay = min(FIRST_BACKOFF_SECONDS * 2 ** (self._crashes - 2), LAST_BACKOFF_SECONDS)
            name, pod = self.spec["name"], f"{key_of(self.pod)[1]}_{key_of(self.pod)[0]}({uid_of(self.pod)})"
            self.event("BackOff", f"Back-off restarting failed container {name} in pod {pod}", warning=True)
            self._wait_for("CrashLoopBackOff", f"back-off {delay:g}s restarting failed container={name} pod={pod}")
            await self._pause(delay)
        if not self._stop.is_set():
            self.state.restarts += 1

    def _open_log(self) -> LogFile:
        """A file for this run; of the earlier ones only the last stays."""
        folder = self.host.log_folder(self.pod) / self.spec["name"]
        for old in folder.glob("*.log*"):
            if int(old.name.partition(".")[0]) < self.state.restarts - 1:
                old.unlink()
        return LogFile(folder / f"{self.state.restarts}.log")

    def _wait_for(self, reason: str, message: str) -> None:
        waiting = {"waiting": {"reason": reason, "message": message}}
        if self.state.state != waiting:
            self.state.state = waiting
            self.changed()

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not when stopped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
