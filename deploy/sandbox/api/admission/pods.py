"""What admission gives every pod: an account, tolerations and a priority."""

from typing import TYPE_CHECKING

from ..errors import forbidden
from ..jsontypes import Json, clone
from ..resources import Resource
from ..storage import Entry

if TYPE_CHECKING:
    from ..registry import Registry

_TOLERATION_SECONDS = 300
_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class Pods:
    """Fills in pods when they are created; raises 403 for accounts and priorities that do not exist."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def fill(self, resource: Resource, pod: Json) -> None:
        """Account, tolerations and priority, in place."""
        self._give_account(resource, pod)
        self._give_priority(resource, pod)
        tolerations = pod["spec"].setdefault("tolerations", [])
        for key in _TAINTS:
            if not any(_tolerates(item, key) for item in tolerations):
                tolerations.append(
                    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _TOLERATION_SECONDS}
                )

    def _give_account(self, resource: Resource, pod: Json) -> None:
        spec, meta = pod["spec"], pod["metadata"]
        name = spec.get("serviceAccountName") or "default"
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = self._registry.storage.find("/serviceaccounts", meta["namespace"], name)
        if account is None:
            why = f'error looking up service account {meta["namespace"]}/{name}: serviceaccount "{name}" not found'
            raise forbidden(resource, meta.get("name", ""), why)
        if not spec.get("imagePullSecrets") and account.obj.get("imagePullSecrets"):
            spec["imagePullSecrets"] = clone(account.obj["imagePullSecrets"])

    def _give_priority(self, resource: Resource, pod: Json) -> None:
        spec, name = pod["spec"], pod["spec"].get("priorityClassName")
        classes = {key: entry.obj for key, entry in self._shelf().items()}
        chosen = (
            classes.get(name) if name else next((item for item in classes.values() if item.get("globalDefault")), None)
        )
        if name and chosen is None:
            why = f"no PriorityClass with name {name} was found"
            raise forbidden(resource, pod["metadata"].get("name", ""), why)
        if chosen:
            spec["priorityClassName"] = chosen["metadata"]["name"]
        spec["priority"] = (chosen or {}).get("value", 0)
        spec["preemptionPolicy"] = (chosen or {}).get("preemptionPolicy", "PreemptLowerPriority")

    def _shelf(self) -> dict[str, Entry]:
        return self._registry.storage.shelf("scheduling.k8s.io/priorityclasses").entries


def _tolerates(toleration: Json, key: str) -> bool:
    same_key = toleration.get("key") in {None, "", key}
    return same_key and toleration.get("effect") in {None, "", "NoExecute"}
