"""The admission steps, in their order."""

from typing import TYPE_CHECKING

from ..errors import ApiError, forbidden
from ..jsontypes import Json, dig
from ..options import WriteOptions
from ..resources import Resource
from ..selectors import label_selector_matches, labels_of
from ..storage import Entry
from .addresses import Addresses
from .claims import give_class, protect
from .limits import Limits
from .namespaces import Namespaces
from .pods import Pods
from .podsecurity import PodSecurity
from .quota import Quotas

if TYPE_CHECKING:
    from ..registry import Registry

PROTECTED = {"default", "kube-system", "kube-public"}
_VOLUMES = {"/persistentvolumes", "/persistentvolumeclaims"}


class Admission:
    """Everything that may change or refuse a write because of other objects."""

    def __init__(self, registry: "Registry", service_cidr: str) -> None:
        self._registry = registry
        self._addresses = Addresses(registry, service_cidr)
        self._limits = Limits(registry)
        self._pods = Pods(registry)
        self._security = PodSecurity(registry)
        self.namespaces = Namespaces(registry)
        self.quotas = Quotas(registry)

    def before_create(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Refuses writes to missing or terminating namespaces; then fills in what other objects ask for."""
        if resource.namespaced:
            self.namespaces.check(resource, obj)
        if resource.key == "/pods":
            self._pods.fill(resource, obj)
            self._limits.fill(obj)
        elif resource.key in _VOLUMES:
            protect(resource.key, obj)
            if resource.key == "/persistentvolumeclaims":
                give_class(self._registry, obj)

    def allow_create(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Refuses what policies or quotas forbid."""
        if options.review is not None:
            options.review(obj, None)
        if not resource.namespaced:
            return
        if resource.key in {"/pods", "/persistentvolumeclaims"}:
            self._limits.check(resource, obj)
        self._security.check(resource, obj, options)
        self.quotas.check(resource, obj, None)

    def allow_update(self, resource: Resource, obj: Json, old: Json, options: WriteOptions) -> None:
        """Refuses what policies or quotas forbid, where an update of the main resource reaches it."""
        if options.review is not None:
            options.review(obj, old)
        if not resource.namespaced or obj.get("spec") == old.get("spec"):
            return
        self._security.check(resource, obj, options)
        if resource.key in {"/services", "/persistentvolumeclaims"}:
            self.quotas.check(resource, obj, old)

    def allow_delete(self, resource: Resource, obj: Json) -> None:
        """Refuses to delete what the cluster cannot be without."""
        name = obj["metadata"]["name"]
        if resource.key == "/namespaces" and name in PROTECTED:
            raise forbidden(resource, name, "this namespace may not be deleted")

    def allow_eviction(self, pod: Entry) -> None:
        """Raises 429 for an eviction that a disruption budget does not allow."""
        meta = pod.obj["metadata"]
        shelf = self._registry.storage.shelf("policy/poddisruptionbudgets")
        for key in shelf.keys(meta["namespace"]):
            budget = shelf.entries[key].obj
            if not label_selector_matches(dig(budget, "spec", "selector"), labels_of(pod.obj)):
                continue
            if dig(budget, "status", "disruptionsAllowed", default=0) < 1:
                name = budget["metadata"]["name"]
                healthy = dig(budget, "status", "currentHealthy", default=0)
                desired = dig(budget, "status", "desiredHealthy", default=0)
                told = f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
                details = {"causes": [{"reason": "DisruptionBudget", "message": told}]}
                message = "Cannot evict pod as it would violate the pod's disruption budget."
                raise ApiError(429, "TooManyRequests", message, details)

    def allocate(self, resource: Resource, obj: Json) -> None:
        """Takes addresses, when everything else is settled."""
        if resource.key == "/services":
            self._addresses.assign(resource, obj)
