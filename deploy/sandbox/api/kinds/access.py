"""Roles and bindings: what must stand in them (pkg/apis/rbac/validation)."""

from ..errors import Causes, invalid_value, required, unsupported
from ..jsontypes import Json
from ..metadata import path_segment_problems
from .checks import unchanged
from .kind import Check, Kind

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def _check_role(role: Json) -> Causes:
    return _check_rules(role, namespaced=True)


def _check_cluster_role(role: Json) -> Causes:
    return _check_rules(role, namespaced=False)


def _check_rules(role: Json, *, namespaced: bool) -> Causes:
    rules = enumerate(role.get("rules") or ())
    return [cause for number, rule in rules for cause in _check_rule(rule, f"rules[{number}]", namespaced=namespaced)]


def _check_rule(rule: Json, field: str, *, namespaced: bool) -> Causes:
    causes: Causes = []
    if not rule.get("verbs"):
        causes.append(required(f"{field}.verbs", "verbs must contain at least one value"))
    paths = rule.get("nonResourceURLs")
    if paths:
        if namespaced:
            told = "namespaced rules cannot apply to non-resource URLs"
            causes.append(invalid_value(f"{field}.nonResourceURLs", paths, told))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            told = "rules cannot apply to both regular resources and non-resource URLs"
            causes.append(invalid_value(f"{field}.nonResourceURLs", paths, told))
        return causes
    if not rule.get("apiGroups"):
        causes.append(required(f"{field}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        causes.append(required(f"{field}.resources", "resource rules must supply at least one resource"))
    return causes


def _default_binding(obj: Json) -> None:
    reference = obj.setdefault("roleRef", {})
    reference.setdefault("apiGroup", _GROUP)
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", _GROUP)


def _check_binding(obj: Json) -> Causes:
    return _check_reference(obj["roleRef"], ("Role", "ClusterRole")) + _check_subjects(obj, namespaced=True)


def _check_cluster_binding(obj: Json) -> Causes:
    return _check_reference(obj["roleRef"], ("ClusterRole",)) + _check_subjects(obj, namespaced=False)


def _check_reference(reference: Json, kinds: tuple[str, ...]) -> Causes:
    causes: Causes = []
    if reference.get("apiGroup") != _GROUP:
        causes.append(unsupported("roleRef.apiGroup", reference.get("apiGroup", ""), (_GROUP,)))
    if reference.get("kind") not in kinds:
        causes.append(unsupported("roleRef.kind", reference.get("kind", ""), kinds))
    if not reference.get("name"):
        causes.append(required("roleRef.name"))
    return causes


def _check_subjects(obj: Json, *, namespaced: bool) -> Causes:
    causes: Causes = []
    for number, subject in enumerate(obj.get("subjects") or ()):
        field, kind = f"subjects[{number}]", subject.get("kind", "")
        if not subject.get("name"):
            causes.append(required(f"{field}.name"))
        if kind not in _SUBJECTS:
            causes.append(unsupported(f"{field}.kind", kind, _SUBJECTS))
            continue
        group = "" if kind == "ServiceAccount" else _GROUP
        if (subject.get("apiGroup") or "") != group:
            causes.append(unsupported(f"{field}.apiGroup", subject.get("apiGroup"), (group,)))
        if kind == "ServiceAccount" and not namespaced and not subject.get("namespace"):
            causes.append(required(f"{field}.namespace"))
    return causes


def _check_binding_update(obj: Json, old: Json) -> Causes:
    return unchanged(obj["roleRef"], old["roleRef"], "roleRef", "cannot change roleRef")


def _binding(check: Check) -> Kind:
    return Kind(
        default=_default_binding,
        check=check,
        check_update=_check_binding_update,
        name_rule=path_segment_problems,
        skeleton={"roleRef": {}},
    )


ACCESS: dict[str, Kind] = {
    f"{_GROUP}/roles": Kind(check=_check_role, name_rule=path_segment_problems),
    f"{_GROUP}/clusterroles": Kind(check=_check_cluster_role, name_rule=path_segment_problems),
    f"{_GROUP}/rolebindings": _binding(_check_binding),
    f"{_GROUP}/clusterrolebindings": _binding(_check_cluster_binding),
}
