"""The status of a pod from the states of its containers: pure, with a kubelet's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.controllers.objects import Obj, stamp, with_condition


@dataclass
class ContainerState:
    """What is known of one container. `state` and `last` are the API's `state` and `lastState`."""

    name: str
    image: str
    kind: str = "main"  # init, sidecar or main
    state: Obj = field(default_factory=lambda: {"waiting": {"reason": "PodInitializing"}})
    last: Obj = field(default_factory=dict)
    ready: bool = False
    started: bool = False
    restarts: int = 0
    container_id: str = ""
    image_id: str = ""

    def as_status(self) -> Obj:
        """The ContainerStatus of the API."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": self.image_id,
            "containerID": self.container_id,
            "state": self.state,
            "lastState": self.last,
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
        }

    @property
    def exit_code(self) -> int | None:
        """The exit code if the container has ended."""
        ended = self.state.get("terminated")
        return int(ended["exitCode"]) if ended else None

    @property
    def initialized(self) -> bool:
        """For an init container: it is done, or for a sidecar: it has started."""
        return self.started if self.kind == "sidecar" else self.exit_code == 0


def phase(pod: Obj, states: list[ContainerState]) -> str:
    """The phase, by the rules of kubelet's getPhase."""
    policy = pod["spec"].get("restartPolicy") or "Always"
    init, main = [s for s in states if s.kind != "main"], [s for s in states if s.kind == "main"]
    if any(s.kind == "init" and s.exit_code for s in init) and policy == "Never":
        return "Failed"
    if not all(s.initialized or (s.kind == "sidecar" and s.exit_code is not None) for s in init):
        return "Pending"
    if any("waiting" in s.state and not s.last for s in main):
        return "Pending"
    if any("running" in s.state for s in main):
        return "Running"
    codes = [_last_code(s) for s in main]
    if policy == "Always" or any("waiting" in s.state for s in main):
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _last_code(state: ContainerState) -> int | None:
    ended = state.state.get("terminated") or state.last.get("terminated")
    return int(ended["exitCode"]) if ended else None


@dataclass(frozen=True)
class Place:
    """Where the pod is."""

    pod_ip: str
    host_ip: str
    started: str


def build(pod: Obj, states: list[ContainerState], place: Place, ended: str = "") -> Obj:
    """The whole status; `ended` forces a phase (a pod that was stopped)."""
    old: Obj = pod.get("status") or {}
    now_in = ended or phase(pod, states)
    init, main = [s for s in states if s.kind != "main"], [s for s in states if s.kind == "main"]
    status: Obj = {
        **{name: value for name, value in old.items() if name not in {"reason", "message"}},
        "phase": now_in,
        "conditions": _conditions(pod, init, main, now_in, bool(place.pod_ip)),
        "hostIP": place.host_ip,
        "hostIPs": [{"ip": place.host_ip}],
        "startTime": old.get("startTime") or place.started or stamp(),
        "containerStatuses": [s.as_status() for s in main],
    }
    if place.pod_ip:
        status |= {"podIP": place.pod_ip, "podIPs": [{"ip": place.pod_ip}]}
    if init:
        status["initContainerStatuses"] = [s.as_status() for s in init]
    return status


def _conditions(
    pod: Obj, init: list[ContainerState], main: list[ContainerState], now_in: str, placed: bool
) -> list[Obj]:
    over = now_in in {"Succeeded", "Failed"}
    conditions: list[Obj] = (pod.get("status") or {}).get("conditions") or []
    unfinished = [s.name for s in init if not s.initialized and not over]
    unready = [s.name for s in [*(s for s in init if s.kind == "sidecar"), *main] if not s.ready]
    gates = [g["conditionType"] for g in pod["spec"].get("readinessGates") or ()]
    missing = [g for g in gates if not any(c["type"] == g and c["status"] == "True" for c in conditions)]
    words = f"containers with incomplete status: [{' '.join(unfinished)}]"
    not_ready = f"containers with unready status: [{' '.join(unready)}]"
    wanted = [
        _condition("PodReadyToStartContainers", placed and not over),
        _condition("Initialized", not unfinished, "ContainersNotInitialized", words),
        _condition("Ready", not unready, "ContainersNotReady", not_ready),
        _condition("ContainersReady", not unready, "ContainersNotReady", not_ready),
        _condition("PodScheduled", True),
    ]
    if over:
        reason = "PodCompleted" if now_in == "Succeeded" else "PodFailed"
        wanted[2] = {"type": "Ready", "status": "False", "reason": reason}
        wanted[3] = {"type": "ContainersReady", "status": "False", "reason": reason}
    elif missing and not unready:
        text = f'the status of pod readiness gate "{missing[0]}" is not "True", but False'
        wanted[2] = _condition("Ready", False, "ReadinessGatesNotReady", text)
    for condition in wanted:
        conditions = with_condition(conditions, condition)
    return conditions


def _condition(kind: str, good: bool, reason: str = "", message: str = "") -> Obj:
    if good:
        return {"type": kind, "status": "True"}
    found: Obj = {"type": kind, "status": "False"}
    return {**found, "reason": reason, "message": message} if reason else found
