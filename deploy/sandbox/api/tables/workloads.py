"""Workloads as rows."""

from datetime import UTC, datetime
from typing import Any

from ..jsontypes import Json, dig
from ..selectors import format_label_selector
from .ages import age, human_duration, parse_time
from .column import Printer, columns

_WIDE = ("Containers", "Images", "Selector")


def images_of(spec: Json) -> list[str]:
    """Names and images of a template's containers, comma-separated."""
    containers = dig(spec, "template", "spec", "containers", default=[])
    return [
        ",".join(item["name"] for item in containers),
        ",".join(item.get("image", "") for item in containers),
    ]


def _deployment(obj: Json) -> list[Any]:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    return [
        meta["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(meta.get("creationTimestamp")),
        *images_of(spec),
        format_label_selector(spec.get("selector")),
    ]


def _replica_set(obj: Json) -> list[Any]:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    return [
        meta["name"],
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(meta.get("creationTimestamp")),
        *images_of(spec),
        format_label_selector(spec.get("selector")),
    ]


def _stateful_set(obj: Json) -> list[Any]:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    return [
        meta["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        age(meta.get("creationTimestamp")),
        *images_of(spec),
    ]


def _daemon_set(obj: Json) -> list[Any]:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    selector = dig(spec, "template", "spec", "nodeSelector", default={})
    return [
        meta["name"],
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "<none>",
        age(meta.get("creationTimestamp")),
        *images_of(spec),
        format_label_selector(spec.get("selector")),
    ]


def _job(obj: Json) -> list[Any]:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    return [
        meta["name"],
        _job_status(obj, status),
        _completions(spec, status),
        _job_duration(status),
        age(meta.get("creationTimestamp")),
        *images_of(spec),
        format_label_selector(spec.get("selector")),
    ]


def _job_status(obj: Json, status: Json) -> str:
    conditions = {item["type"] for item in status.get("conditions") or () if item["status"] == "True"}
    for kind, shown in (
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    ):
        if kind in conditions:
            return shown
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else "Running"


def _completions(spec: Json, status: Json) -> str:
    succeeded, parallelism = status.get("succeeded", 0), spec.get("parallelism") or 0
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _job_duration(status: Json) -> str:
    if not status.get("startTime"):
        return ""
    end = status.get("completionTime")
    until = parse_time(end) if end else datetime.now(UTC)
    return human_duration((until - parse_time(status["startTime"])).total_seconds())


def _cron_job(obj: Json) -> list[Any]:
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    template = dig(spec, "jobTemplate", "spec", default={})
    return [
        meta["name"],
        spec.get("schedule", ""),
        spec.get("timeZone") or "<none>",
        "True" if spec.get("suspend") else "False",
        len(status.get("active") or ()),
        age(status["lastScheduleTime"]) if status.get("lastScheduleTime") else "<none>",
        age(meta.get("creationTimestamp")),
        *images_of(template),
        format_label_selector(template.get("selector")),
    ]


def _revision(obj: Json) -> list[Any]:
    meta = obj["metadata"]
    owner = next((item for item in meta.get("ownerReferences") or () if item.get("controller")), None)
    controller = "<none>"
    if owner:
        group = owner["apiVersion"].rpartition("/")[0]
        kind = owner["kind"].lower()
        controller = f"{kind}.{group}/{owner['name']}" if group else f"{kind}/{owner['name']}"
    return [meta["name"], controller, obj.get("revision", 0), age(meta.get("creationTimestamp"))]


WORKLOADS: dict[str, Printer] = {
    "apps/deployments": Printer(columns("Name", "Ready", "Up-to-date", "Available", "Age", wide=_WIDE), _deployment),
    "apps/replicasets": Printer(columns("Name", "#Desired", "#Current", "#Ready", "Age", wide=_WIDE), _replica_set),
    "apps/statefulsets": Printer(columns("Name", "Ready", "Age", wide=("Containers", "Images")), _stateful_set),
    "apps/daemonsets": Printer(
        columns(
            "Name",
            "#Desired",
            "#Current",
            "#Ready",
            "#Up-to-date",
            "#Available",
            "Node Selector",
            "Age",
            wide=_WIDE,
        ),
        _daemon_set,
    ),
    "batch/jobs": Printer(columns("Name", "Status", "Completions", "Duration", "Age", wide=_WIDE), _job),
    "batch/cronjobs": Printer(
        columns("Name", "Schedule", "Timezone", "Suspend", "#Active", "Last Schedule", "Age", wide=_WIDE), _cron_job
    ),
    "apps/controllerrevisions": Printer(columns("Name", "Controller", "#Revision", "Age"), _revision),
}
