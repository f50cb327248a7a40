"""The roles and bindings that a cluster has from its first moment, for the resources that are served here."""

from collections.abc import Iterator

from ..jsontypes import Json
from .authorizer import GROUP
from .identity import AUTHENTICATED, MASTERS, UNAUTHENTICATED

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*")

# Lines of "group: resource resource …", with "core" for the group without a name.
_VIEWED = """
core: bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims \
persistentvolumeclaims/status pods pods/log pods/status resourcequotas resourcequotas/status serviceaccounts services \
services/status
apps: controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets \
replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status
autoscaling: horizontalpodautoscalers horizontalpodautoscalers/status
batch: cronjobs cronjobs/status jobs jobs/status
discovery.k8s.io: endpointslices
networking.k8s.io: ingresses ingresses/status networkpolicies
policy: poddisruptionbudgets poddisruptionbudgets/status
"""
_EDITED = """
core: configmaps events persistentvolumeclaims pods pods/attach pods/exec pods/portforward pods/proxy secrets \
serviceaccounts services services/proxy
apps: daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets \
statefulsets/scale
autoscaling: horizontalpodautoscalers
batch: cronjobs jobs
coordination.k8s.io: leases
networking.k8s.io: ingresses networkpolicies
policy: poddisruptionbudgets
"""
_READ_BY_EDITORS = """
core: pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy
coordination.k8s.io: leases
"""


def _rules(table: str, verbs: tuple[str, ...]) -> list[Json]:
    found = []
    for line in table.strip().splitlines():
        group, _, resources = line.partition(": ")
        groups = ["" if group == "core" else group]
        found.append({"verbs": list(verbs), "apiGroups": groups, "resources": resources.split()})
    return found


def _rule(verb: str, resource: str, group: str = "") -> Json:
    return {"verbs": [verb], "apiGroups": [group], "resources": [resource]}


def _paths(*paths: str) -> Json:
    return {"verbs": ["get"], "nonResourceURLs": list(paths)}


def _everything() -> list[Json]:
    return [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    ]


def _to(name: str) -> dict[str, str]:
    """The label by which a role becomes part of an aggregated one."""
    return {f"rbac.authorization.k8s.io/aggregate-to-{name}": "true"}


def _role(name: str, rules: list[Json], labels: dict[str, str] | None = None) -> Json:
    return {"metadata": _metadata(name, labels or {}), "rules": rules}


def _metadata(name: str, labels: dict[str, str]) -> Json:
    return {
        "name": name,
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"} | labels,
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }


def _aggregated(name: str, parts: list[Json], labels: dict[str, str]) -> Json:
    # Its rules are those of its parts already, so that the first aggregation finds nothing to do.
    rules = [rule for part in parts for rule in part["rules"]]
    rule = {"clusterRoleSelectors": [{"matchLabels": _to(name)}]}
    return {"metadata": _metadata(name, labels), "aggregationRule": rule, "rules": rules}


def cluster_roles() -> Iterator[Json]:
    """In the order in which they are made."""
    yield _role("cluster-admin", _everything())
    yield _role("system:discovery", [_paths(*_HEALTH, *_DISCOVERY)])
    yield _role("system:public-info-viewer", [_paths(*_HEALTH)])
    reviews = ("selfsubjectaccessreviews", "selfsubjectrulesreviews")
    basic = [{"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": list(reviews)}]
    basic.append(_rule("create", "selfsubjectreviews", "authentication.k8s.io"))
    yield _role("system:basic-user", basic)
    viewing = _role("system:aggregate-to-view", _rules(_VIEWED, _READ), _to("view"))
    more = [_rule("impersonate", "serviceaccounts"), _rule("create", "serviceaccounts/token")]
    more += [_rule("create", "pods/eviction"), *_rules(_READ_BY_EDITORS, _READ)]
    editing = _role("system:aggregate-to-edit", more + _rules(_EDITED, _WRITE), _to("edit"))
    granting = {"verbs": [*_WRITE, *_READ], "apiGroups": [GROUP], "resources": ["rolebindings", "roles"]}
    local = _rule("create", "localsubjectaccessreviews", "authorization.k8s.io")
    ruling = _role("system:aggregate-to-admin", [local, granting], _to("admin"))
    yield from (viewing, editing, ruling)
    # By name: "system:…" comes before "view", and "edit" before both.
    view = _aggregated("view", [viewing], _to("edit"))
    edit = _aggregated("edit", [editing, view], _to("admin"))
    yield from (view, edit, _aggregated("admin", [edit, ruling], {}))


def cluster_role_bindings() -> Iterator[Json]:
    """Who has the first roles."""
    for name, groups in (
        ("cluster-admin", (MASTERS,)),
        ("system:discovery", (AUTHENTICATED,)),
        ("system:basic-user", (AUTHENTICATED,)),
        ("system:public-info-viewer", (AUTHENTICATED, UNAUTHENTICATED)),
    ):
        yield {
            "metadata": _metadata(name, {}),
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": group} for group in groups],
        }
