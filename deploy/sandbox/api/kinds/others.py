"""Kinds with few rules: autoscaling, policy, scheduling, storage classes, leases."""

from ..errors import Causes, forbidden_field, required
from ..jsontypes import Json
from .kind import Kind


def _default_autoscaler(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    target = {"type": "Utilization", "averageUtilization": 80}
    if not spec.get("metrics"):
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _check_autoscaler(obj: Json) -> Causes:
    spec = obj["spec"]
    causes: Causes = [] if spec.get("scaleTargetRef", {}).get("name") else [required("spec.scaleTargetRef.name")]
    if (spec.get("maxReplicas") or 0) < 1:
        causes.append(required("spec.maxReplicas", "must be greater than 0"))
    return causes


def _check_budget(obj: Json) -> Causes:
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        return [forbidden_field("spec", "minAvailable and maxUnavailable cannot be both set")]
    return []


def _default_storage_class(obj: Json) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _check_storage_class(obj: Json) -> Causes:
    return [] if obj.get("provisioner") else [required("provisioner")]


def _check_storage_class_update(obj: Json, old: Json) -> Causes:
    fields = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
    return [
        forbidden_field(field, f"updates to {field} are forbidden.")
        for field in fields
        if (obj.get(field) or None) != (old.get(field) or None)
    ]


def _default_priority(obj: Json) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _check_priority_update(obj: Json, old: Json) -> Causes:
    if obj.get("value") != old.get("value"):
        return [forbidden_field("value", "may not be changed in an update.")]
    return []


OTHERS: dict[str, Kind] = {
    "autoscaling/horizontalpodautoscalers": Kind(
        default=_default_autoscaler,
        check=_check_autoscaler,
        has_status=True,
        initial_status={"desiredReplicas": 0, "currentMetrics": None},
        skeleton={"spec": {"scaleTargetRef": {}}, "status": {}},
    ),
    "policy/poddisruptionbudgets": Kind(
        check=_check_budget,
        has_generation=True,
        has_status=True,
        initial_status={"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
        skeleton={"spec": {}, "status": {}},
    ),
    "storage.k8s.io/storageclasses": Kind(
        default=_default_storage_class,
        check=_check_storage_class,
        check_update=_check_storage_class_update,
        returns_deleted=True,
    ),
    "storage.k8s.io/volumeattachments": Kind(has_status=True, initial_status={"attached": False}),
    "scheduling.k8s.io/priorityclasses": Kind(
        default=_default_priority, check_update=_check_priority_update, has_generation=True
    ),
    "coordination.k8s.io/leases": Kind(create_on_update=True, skeleton={"spec": {}}),
    "apps/controllerrevisions": Kind(),
}
