"""What every cluster has from its first moment."""

from typing import TYPE_CHECKING

from .access.authorizer import GROUP
from .access.bootstrap import cluster_role_bindings, cluster_roles
from .errors import ApiError
from .jsontypes import Json
from .options import WriteOptions

if TYPE_CHECKING:
    from .registry import Registry

_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_PRIORITIES: tuple[Json, ...] = (
    {
        "metadata": {"name": "system-cluster-critical"},
        "value": 2000000000,
        "description": "Used for system critical pods that must run in the cluster, but can be moved to another node "
        "if necessary.",
    },
    {
        "metadata": {"name": "system-node-critical"},
        "value": 2000001000,
        "description": "Used for system critical pods that must not be moved from their current node.",
    },
)


def bootstrap(registry: "Registry") -> None:
    """Makes the first namespaces, priority classes and roles where they are missing; may be called at every start."""
    namespaces = registry.resource("namespaces")
    priorities = registry.resource("priorityclasses", "scheduling.k8s.io")
    wanted = [(namespaces, {"metadata": {"name": name}}) for name in _NAMESPACES]
    wanted += [(priorities, item) for item in _PRIORITIES]
    wanted += [(registry.resource("clusterroles", GROUP), role) for role in cluster_roles()]
    wanted += [(registry.resource("clusterrolebindings", GROUP), binding) for binding in cluster_role_bindings()]
    for resource, obj in wanted:
        try:
            registry.create(resource, None, obj, options=WriteOptions(manager="kube-apiserver"))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
