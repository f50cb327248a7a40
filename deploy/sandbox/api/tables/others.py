"""Autoscalers, budgets, access control, classes, leases and custom resources as rows."""

from typing import Any

from ..jsontypes import Json, dig
from .ages import age
from .column import Printer, columns


def _age(obj: Json) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def _autoscaler(obj: Json) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    return [
        obj["metadata"]["name"],
        f"{target.get('kind', '')}/{target.get('name', '')}",
        ", ".join(_metric(metric) for metric in spec.get("metrics") or ()) or "<none>",
        str(spec.get("minReplicas") if spec.get("minReplicas") is not None else "<unset>"),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        _age(obj),
    ]


def _metric(metric: Json) -> str:
    resource = metric.get("resource") or {}
    target = resource.get("target") or {}
    if target.get("averageUtilization") is not None:
        return f"{resource.get('name', '')}: <unknown>/{target['averageUtilization']}%"
    return f"<unknown>/{target.get('averageValue') or target.get('value') or '<auto>'}"


def _budget(obj: Json) -> list[Any]:
    spec = obj.get("spec") or {}
    low, high = spec.get("minAvailable"), spec.get("maxUnavailable")
    return [
        obj["metadata"]["name"],
        "N/A" if low is None else str(low),
        "N/A" if high is None else str(high),
        dig(obj, "status", "disruptionsAllowed", default=0),
        _age(obj),
    ]


def _role(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")]


def _binding(obj: Json) -> list[Any]:
    reference = obj.get("roleRef") or {}
    named: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in obj.get("subjects") or ():
        name = subject.get("name", "")
        if subject.get("kind") == "ServiceAccount":
            name = f"{subject.get('namespace', '')}/{name}"
        named.setdefault(subject.get("kind", ""), []).append(name)
    return [
        obj["metadata"]["name"],
        f"{reference.get('kind', '')}/{reference.get('name', '')}",
        _age(obj),
        *(", ".join(named[kind]) for kind in ("User", "Group", "ServiceAccount")),
    ]


def _storage_class(obj: Json) -> list[Any]:
    name, annotations = obj["metadata"]["name"], obj["metadata"].get("annotations") or {}
    if annotations.get("storageclass.kubernetes.io/is-default-class") == "true":
        name += " (default)"
    return [
        name,
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion")),
        _age(obj),
    ]


def _priority(obj: Json) -> list[Any]:
    return [
        obj["metadata"]["name"],
        obj.get("value", 0),
        bool(obj.get("globalDefault")),
        _age(obj),
        obj.get("preemptionPolicy", ""),
    ]


def _lease(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], dig(obj, "spec", "holderIdentity", default=""), _age(obj)]


_BINDING = Printer(columns("Name", "Role", "Age", wide=("Users", "Groups", "ServiceAccounts")), _binding)
_ROLE = Printer(columns("Name", "Created At"), _role)

OTHERS: dict[str, Printer] = {
    "autoscaling/horizontalpodautoscalers": Printer(
        columns("Name", "Reference", "Targets", "MinPods", "#MaxPods", "#Replicas", "Age"), _autoscaler
    ),
    "policy/poddisruptionbudgets": Printer(
        columns("Name", "Min Available", "Max Unavailable", "#Allowed Disruptions", "Age"), _budget
    ),
    "rbac.authorization.k8s.io/roles": _ROLE,
    "rbac.authorization.k8s.io/clusterroles": _ROLE,
    "rbac.authorization.k8s.io/rolebindings": _BINDING,
    "rbac.authorization.k8s.io/clusterrolebindings": _BINDING,
    "storage.k8s.io/storageclasses": Printer(
        columns("Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
        _storage_class,
    ),
    "scheduling.k8s.io/priorityclasses": Printer(
        columns("Name", "#Value", "Global-Default", "Age", "PreemptionPolicy"), _priority
    ),
    "coordination.k8s.io/leases": Printer(columns("Name", "Holder", "Age"), _lease),
    "apiextensions.k8s.io/customresourcedefinitions": _ROLE,
}
