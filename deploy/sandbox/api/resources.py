"""The table of the resources that are served, as discovery names them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One kind in one version, as it stands in discovery."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    custom: bool = field(default=False, compare=False)

    @property
    def key(self) -> str:
        """Where its objects are kept: the same for all versions of a kind."""
        if self.group == "events.k8s.io":
            return "/events"  # another view of the same objects
        return f"{self.group}/{self.plural}"

    @property
    def api_version(self) -> str:
        """What stands in ``apiVersion``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        """The kind of a list of them."""
        return f"{self.kind}List"

    @property
    def qualified(self) -> str:
        """Plural and group, as messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def _rows(group: str, version: str, namespaced: bool, table: str) -> Iterator[Resource]:
    """Reads lines of ``plural Kind short,names categories sub,resources`` with ``-`` for none."""
    for line in table.strip().splitlines():
        plural, kind, short, categories, subresources = line.split()
        yield Resource(
            group=group,
            version=version,
            plural=plural,
            kind=kind,
            namespaced=namespaced,
            singular=kind.lower(),
            short_names=_words(short),
            categories=_words(categories),
            subresources=_words(subresources),
        )


def _words(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(text.split(","))


def _create_only(group: str, plural: str, kind: str, *, namespaced: bool = False) -> Resource:
    return Resource(group, "v1", plural, kind, namespaced, singular=kind.lower(), verbs=("create",))


_NAMESPACED = {
    ("", "v1"): """
configmaps             ConfigMap             cm     -   -
endpoints              Endpoints             ep     -   -
events                 Event                 ev     -   -
limitranges            LimitRange            limits -   -
persistentvolumeclaims PersistentVolumeClaim pvc    -   status
pods                   Pod                   po     all binding,eviction,log,status
podtemplates           PodTemplate           -      -   -
resourcequotas         ResourceQuota         quota  -   status
secrets                Secret                -      -   -
serviceaccounts        ServiceAccount        sa     -   token
services               Service               svc    all status
""",
    ("apps", "v1"): """
controllerrevisions ControllerRevision -      -   -
daemonsets          DaemonSet          ds     all status
deployments         Deployment         deploy all scale,status
replicasets         ReplicaSet         rs     all scale,status
statefulsets        StatefulSet        sts    all scale,status
""",
    ("autoscaling", "v2"): "horizontalpodautoscalers HorizontalPodAutoscaler hpa all status",
    ("batch", "v1"): """
cronjobs CronJob cj all status
jobs     Job     -  all status
""",
    ("coordination.k8s.io", "v1"): "leases Lease - - -",
    ("discovery.k8s.io", "v1"): "endpointslices EndpointSlice - - -",
    ("events.k8s.io", "v1"): "events Event ev - -",
    ("networking.k8s.io", "v1"): """
ingresses       Ingress       ing    - status
networkpolicies NetworkPolicy netpol - -
""",
    ("policy", "v1"): "poddisruptionbudgets PodDisruptionBudget pdb - status",
    ("rbac.authorization.k8s.io", "v1"): """
rolebindings RoleBinding - - -
roles        Role        - - -
""",
}

_CLUSTER_WIDE = {
    ("", "v1"): """
namespaces        Namespace        ns - finalize,status
nodes             Node             no - status
persistentvolumes PersistentVolume pv - status
""",
    ("apiextensions.k8s.io", "v1"): "customresourcedefinitions CustomResourceDefinition crd,crds api-extensions status",
    ("networking.k8s.io", "v1"): "ingressclasses IngressClass - - -",
    ("rbac.authorization.k8s.io", "v1"): """
clusterrolebindings ClusterRoleBinding - - -
clusterroles        ClusterRole        - - -
""",
    ("scheduling.k8s.io", "v1"): "priorityclasses PriorityClass pc - -",
    ("storage.k8s.io", "v1"): """
csinodes          CSINode          -  - -
storageclasses    StorageClass     sc - -
volumeattachments VolumeAttachment -  - status
""",
}


def _builtin() -> tuple[Resource, ...]:
    rows = [row for gv, table in _NAMESPACED.items() for row in _rows(*gv, True, table)]
    rows += [row for gv, table in _CLUSTER_WIDE.items() for row in _rows(*gv, False, table)]
    rows += [
        _create_only("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        _create_only("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"),
        _create_only("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", namespaced=True),
        _create_only("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        _create_only("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ]
    return tuple(rows)


BUILTIN = _builtin()

# What answers in the address of a subresource, where it is not the resource's own kind.
SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "v1", "Binding"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
}
