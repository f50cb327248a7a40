"""The admission steps, in their order."""

from typing import TYPE_CHECKING

from ..errors import forbidden, not_found
from ..jsontypes import Json
from ..options import WriteOptions
from ..resources import Resource

if TYPE_CHECKING:
    from ..registry import Registry

PROTECTED = {"default", "kube-system", "kube-public"}


class Admission:
    """Everything that may change or refuse a write because of other objects."""

    def __init__(self, registry: "Registry", service_cidr: str) -> None:
        self._registry = registry

    def before_create(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Refuses writes to missing or terminating namespaces; then fills in what other objects ask for."""
        if resource.namespaced:
            self._check_namespace(resource, obj)

    def _check_namespace(self, resource: Resource, obj: Json) -> None:
        namespaces = self._registry.resource("namespaces")
        namespace = obj["metadata"].get("namespace", "")
        found = self._registry.storage.find("/namespaces", None, namespace)
        if found is None:
            raise not_found(namespaces, namespace)
        if found.obj["metadata"].get("deletionTimestamp"):
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            raise forbidden(resource, obj["metadata"].get("name", ""), why, [cause])

    def before_update(self, resource: Resource, obj: Json, old: Json, subresource: str, options: WriteOptions) -> None:
        """Fills in what other objects ask for."""

    def allow_create(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Refuses what policies or quotas forbid."""

    def allow_update(self, resource: Resource, obj: Json, old: Json, subresource: str, options: WriteOptions) -> None:
        """Refuses what policies or quotas forbid."""

    def allow_delete(self, resource: Resource, obj: Json) -> None:
        """Refuses to delete what the cluster cannot be without."""
        name = obj["metadata"]["name"]
        if resource.key == "/namespaces" and name in PROTECTED:
            raise forbidden(resource, name, "this namespace may not be deleted")

    def allow_eviction(self, resource: Resource, namespace: str | None, name: str) -> None:
        """Refuses an eviction that a disruption budget does not allow."""

    def allocate(self, resource: Resource, obj: Json, old: Json | None) -> None:
        """Takes addresses and counts use, when the write is certain."""
