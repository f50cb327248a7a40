"""What every cluster has from its first moment."""

from typing import TYPE_CHECKING

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
    """Makes the first namespaces and priority classes where they are missing; may be called at every start."""
    namespaces = registry.resource("namespaces")
    priorities = registry.resource("priorityclasses", "scheduling.k8s.io")
    wanted = [(namespaces, {"metadata": {"name": name}}) for name in _NAMESPACES]
    for resource, obj in [*wanted, *((priorities, item) for item in _PRIORITIES)]:
        try:
            registry.create(resource, None, obj, options=WriteOptions(manager="kube-apiserver"))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
