"""The ingress controller: the route table from the Ingresses, and their status."""

from __future__ import annotations

from typing import ClassVar

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, is_deleting
from sandbox.network.routes import RouteTable

CLASS = "sandbox"
DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"


def default_ingress_class() -> Obj:
    """The class of Ingresses that name none."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": CLASS, "annotations": {DEFAULT_ANNOTATION: "true"}},
        "spec": {"controller": "storeplane.dev/sandbox-ingress"},
    }


class IngressController(Controller):
    """Serves every Ingress of its own class or of none."""

    name: ClassVar[str] = "ingress"

    def __init__(self, cluster: Cluster, address: str) -> None:
        super().__init__(cluster)
        self.address = address
        self.ingresses = self.watch(cluster.cache("ingresses", "networking.k8s.io"))
        self.ingresses.handlers.append(self._changed)
        self._table: RouteTable | None = None

    def routes(self) -> RouteTable:
        """The table, made anew when an Ingress has changed."""
        if self._table is None:
            self._table = RouteTable(filter(_is_ours, self.ingresses))
        return self._table

    def reconcile(self, key: Key) -> float | None:
        """Show the address in the status."""
        ingress = self.ingresses.get(key)
        if ingress is not None and _is_ours(ingress) and not is_deleting(ingress):
            status = {"loadBalancer": {"ingress": [{"ip": self.address}]}}
            self.cluster.set_status(self.ingresses, ingress, status)
        return None

    def _changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is None or new is None or old["spec"] != new["spec"] or is_deleting(new):
            self._table = None


def _is_ours(ingress: Obj) -> bool:
    return ingress["spec"].get("ingressClassName") in {None, "", CLASS}
