"""Namespaces, nodes, volumes, configuration, quotas and events as rows."""

from collections.abc import Iterable
from typing import Any

from ..jsontypes import Json, dig
from .ages import age
from .column import Printer, columns

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_UNSET = "<unset>"


def _age(obj: Json) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def _namespace(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], dig(obj, "status", "phase", default=""), _age(obj)]


def _node(obj: Json) -> list[Any]:
    status = obj.get("status") or {}
    ready = next((item["status"] for item in status.get("conditions") or () if item["type"] == "Ready"), "Unknown")
    shown = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    if dig(obj, "spec", "unschedulable"):
        shown += ",SchedulingDisabled"
    labels = obj["metadata"].get("labels") or {}
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    addresses = {item["type"]: item["address"] for item in status.get("addresses") or ()}
    info = status.get("nodeInfo") or {}
    return [
        obj["metadata"]["name"],
        shown,
        ",".join(roles) or "<none>",
        _age(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _modes(modes: Iterable[str]) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes)


def _claim(obj: Json) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = bool(spec.get("volumeName"))
    return [
        obj["metadata"]["name"],
        phase,
        spec.get("volumeName", ""),
        dig(status, "capacity", "storage", default="") if bound else "",
        _modes(status.get("accessModes") or ()) if bound else "",
        spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or _UNSET,
        _age(obj),
        spec.get("volumeMode") or _UNSET,
    ]


def _volume(obj: Json) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    claim = spec.get("claimRef")
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    return [
        obj["metadata"]["name"],
        dig(spec, "capacity", "storage", default=""),
        _modes(spec.get("accessModes") or ()),
        spec.get("persistentVolumeReclaimPolicy", ""),
        phase,
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or _UNSET,
        status.get("reason", ""),
        _age(obj),
        spec.get("volumeMode") or _UNSET,
    ]


def _secret(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], obj.get("type", ""), len(obj.get("data") or ()), _age(obj)]


def _config_map(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), _age(obj)]


def _account(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], len(obj.get("secrets") or ()), _age(obj)]


def _quota(obj: Json) -> list[Any]:
    hard, used = dig(obj, "status", "hard", default={}), dig(obj, "status", "used", default={})
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        text = f"{name}: {used.get(name, '0')}/{hard[name]}"
        (limits if name.startswith("limits.") else requests).append(text)
    return [obj["metadata"]["name"], ", ".join(requests), ", ".join(limits), _age(obj)]


def _limits(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")]


def _event(obj: Json) -> list[Any]:
    regarding = obj.get("involvedObject") or {}
    first, last = obj.get("firstTimestamp") or obj.get("eventTime"), obj.get("lastTimestamp")
    series = obj.get("series") or {}
    count = obj.get("count") or series.get("count") or 1
    last = series.get("lastObservedTime") or last or obj.get("eventTime")
    target = f"{str(regarding.get('kind', '')).lower()}/{regarding.get('name', '')}"
    source = dig(obj, "source", "component", default="") or obj.get("reportingComponent", "")
    host = dig(obj, "source", "host", default="")
    return [
        age(last or first),
        obj.get("type", ""),
        obj.get("reason", ""),
        target,
        regarding.get("fieldPath", ""),
        f"{source}, {host}" if host else source,
        str(obj.get("message", "")).strip(),
        age(first),
        count,
        obj["metadata"]["name"],
    ]


CORE: dict[str, Printer] = {
    "/namespaces": Printer(columns("Name", "Status", "Age"), _namespace),
    "/nodes": Printer(
        columns(
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            wide=("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
        ),
        _node,
    ),
    "/persistentvolumeclaims": Printer(
        columns(
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            wide=("VolumeMode",),
        ),
        _claim,
    ),
    "/persistentvolumes": Printer(
        columns(
            "Name",
            "Capacity",
            "Access Modes",
            "Reclaim Policy",
            "Status",
            "Claim",
            "StorageClass",
            "VolumeAttributesClass",
            "Reason",
            "Age",
            wide=("VolumeMode",),
        ),
        _volume,
    ),
    "/secrets": Printer(columns("Name", "Type", "Data", "Age"), _secret),
    "/configmaps": Printer(columns("Name", "Data", "Age"), _config_map),
    "/serviceaccounts": Printer(columns("Name", "Secrets", "Age"), _account),
    "/resourcequotas": Printer(columns("Name", "Request", "Limit", "Age"), _quota),
    "/limitranges": Printer(columns("Name", "Created At"), _limits),
    "/events": Printer(
        columns(
            "Last Seen",
            "Type",
            "Reason",
            "Object",
            wide=("Subobject", "Source"),
        )
        + columns("Message")
        + columns(wide=("First Seen", "#Count", "Name")),
        _event,
    ),
}
CORE["events.k8s.io/events"] = CORE["/events"]
