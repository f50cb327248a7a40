"""What every namespace has: a default ServiceAccount and the cluster's root certificate."""

from typing import TYPE_CHECKING

from ..errors import forbidden, not_found
from ..jsontypes import Json
from ..options import WriteOptions
from ..resources import Resource
from ..storage import Entry

if TYPE_CHECKING:
    from ..registry import Registry

_ROOT_CERTIFICATE = "kube-root-ca.crt"
_MANAGER = WriteOptions(manager="kube-controller-manager")


class Namespaces:
    """Refuses content where there is no place for it, and furnishes new namespaces."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def check(self, resource: Resource, obj: Json) -> None:
        """Raises 404 for a missing namespace and 403 for one that is terminating."""
        namespace = obj["metadata"].get("namespace", "")
        found = self._registry.storage.find("/namespaces", None, namespace)
        if found is None:
            raise not_found(self._registry.resource("namespaces"), namespace)
        if found.obj["metadata"].get("deletionTimestamp"):
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            raise forbidden(resource, obj["metadata"].get("name", ""), why, [cause])

    def furnish(self, namespace: Entry) -> None:
        """Makes what a new namespace, or one that lost it, must have."""
        name = namespace.key
        if namespace.obj["metadata"].get("deletionTimestamp"):
            return
        if self._registry.storage.find("/serviceaccounts", name, "default") is None:
            self._create("serviceaccounts", name, {"metadata": {"name": "default"}})
        if self._registry.storage.find("/configmaps", name, _ROOT_CERTIFICATE) is None:
            note = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints."
            meta = {"name": _ROOT_CERTIFICATE, "annotations": {"kubernetes.io/description": note}}
            # The sandbox speaks plain HTTP on the loopback, so there is no certificate to hand out.
            self._create("configmaps", name, {"metadata": meta, "data": {"ca.crt": ""}})

    def _create(self, plural: str, namespace: str, obj: Json) -> None:
        self._registry.create(self._registry.resource(plural), namespace, obj, options=_MANAGER)
