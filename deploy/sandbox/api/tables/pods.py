"""Pods and pod templates as rows."""

from typing import Any

from ..jsontypes import Json, dig
from .ages import age
from .column import Printer, columns


def _pod(pod: Json) -> list[Any]:
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    sidecars = {item["name"] for item in spec.get("initContainers") or () if item.get("restartPolicy") == "Always"}
    reason, ready, restarts, last = _state(pod, status, sidecars)
    total = len(spec.get("containers") or ()) + len(sidecars)
    shown = str(restarts)
    if restarts and last:
        shown = f"{restarts} ({age(last)} ago)"
    gates = spec.get("readinessGates") or []
    return [
        meta["name"],
        f"{ready}/{total}",
        reason,
        shown,
        age(meta.get("creationTimestamp")),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _gates(gates, status) if gates else "<none>",
    ]


def _gates(gates: list[Json], status: Json) -> str:
    conditions = {item["type"]: item["status"] for item in status.get("conditions") or ()}
    return f"{sum(conditions.get(gate['conditionType']) == 'True' for gate in gates)}/{len(gates)}"


def _state(pod: Json, status: Json, sidecars: set[str]) -> tuple[str, int, int, str]:
    """Reason, ready containers, restarts and the time of the last one (``printPod`` in Kubernetes)."""
    reason = status.get("reason") or status.get("phase") or "Unknown"
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    initializing, reason, restarts, last, ready = _init_state(pod, status, sidecars, reason)
    if not initializing:
        reason, main_restarts, main_last, main_ready = _main_state(status, reason)
        restarts, last, ready = restarts + main_restarts, max(last, main_last), ready + main_ready
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in {"Succeeded", "Failed"}:
            reason = "Terminating"
    return reason, ready, restarts, last


def _init_state(pod: Json, status: Json, sidecars: set[str], reason: str) -> tuple[bool, str, int, str, int]:
    restarts, last, ready = 0, "", 0
    total = len(pod["spec"].get("initContainers") or ())
    for index, container in enumerate(status.get("initContainerStatuses") or ()):
        state, sidecar = container.get("state") or {}, container["name"] in sidecars
        restarts += container.get("restartCount", 0)
        last = max(last, dig(container, "lastState", "terminated", "finishedAt", default=""))
        ended, waiting = state.get("terminated"), state.get("waiting")
        if ended is not None and ended.get("exitCode") == 0:
            continue
        if sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if ended is not None:
            return True, f"Init:{_ended(ended)}", restarts, last, ready
        if waiting is not None and waiting.get("reason") not in {None, "", "PodInitializing"}:
            return True, f"Init:{waiting['reason']}", restarts, last, ready
        return True, f"Init:{index}/{total}", restarts, last, ready
    return False, reason, 0 if not sidecars else restarts, last if sidecars else "", ready


def _ended(ended: Json) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _main_state(status: Json, reason: str) -> tuple[str, int, str, int]:
    restarts, last, ready, running = 0, "", 0, False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        restarts += container.get("restartCount", 0)
        last = max(last, dig(container, "lastState", "terminated", "finishedAt", default=""))
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated") is not None:
            reason = _ended(state["terminated"])
        elif container.get("ready") and state.get("running") is not None:
            running = True
            ready += 1
    if reason == "Completed" and running:
        conditions = {item["type"]: item["status"] for item in status.get("conditions") or ()}
        reason = "Running" if conditions.get("Ready") == "True" else "NotReady"
    return reason, restarts, last, ready


def _template(obj: Json) -> list[Any]:
    containers = dig(obj, "template", "spec", "containers", default=[])
    labels = dig(obj, "template", "metadata", "labels", default={})
    return [
        obj["metadata"]["name"],
        ",".join(item["name"] for item in containers),
        ",".join(item.get("image", "") for item in containers),
        ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
    ]


PODS: dict[str, Printer] = {
    "/pods": Printer(
        columns(
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            wide=("IP", "Node", "Nominated Node", "Readiness Gates"),
        ),
        _pod,
    ),
    "/podtemplates": Printer(columns("Name", "Containers", "Images", "Pod Labels"), _template),
}
