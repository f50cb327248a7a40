"""Endpoints and EndpointSlices of Services: which pod addresses serve each port."""

from __future__ import annotations

from typing import ClassVar

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import (
    Key,
    Obj,
    content_hash,
    is_deleting,
    key_of,
    labels_of,
    matches,
    owned_by,
    uid_of,
)
from sandbox.controllers.pods import FINISHED, is_ready, phase_of

SERVICE_LABEL = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER = "endpointslice-controller.k8s.io"


class EndpointsController(Controller):
    """Writes both forms: Endpoints for people and old clients, one EndpointSlice for each Service for the rest."""

    name: ClassVar[str] = "endpoint"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.services = self.watch(cluster.cache("services"))
        self.endpoints = cluster.cache("endpoints")
        self.slices = cluster.cache("endpointslices", "discovery.k8s.io")
        self.pods = cluster.cache("pods")
        self.pods.handlers.append(self._pod_changed)

    def reconcile(self, key: Key) -> float | None:
        """One pass over a Service."""
        service = self.services.get(key)
        if service is None:
            self._remove(key)
            return None
        selector = service["spec"].get("selector")
        if not selector or is_deleting(service) or service["spec"].get("type") == "ExternalName":
            return None
        chosen = [pod for pod in self.pods.in_namespace(key[0]) if matches({"matchLabels": selector}, labels_of(pod))]
        pods = sorted((pod for pod in chosen if _has_place(pod)), key=key_of)
        self._write(self.endpoints, endpoints_object(service, pods), "subsets")
        self._write(self.slices, slice_object(service, pods), "endpoints", "ports")
        return None

    def _write(self, cache: object, wanted: Obj, *fields: str) -> None:
        rows = self.endpoints if cache is self.endpoints else self.slices
        present = rows.get(key_of(wanted))
        if present is None:
            self.cluster.create(rows, wanted)
        elif any((present.get(field) or []) != (wanted.get(field) or []) for field in fields):
            meta = {**present["metadata"], "labels": wanted["metadata"]["labels"]}
            self.cluster.update(rows, {**present, **wanted, "metadata": meta})

    def _remove(self, key: Key) -> None:
        present = self.endpoints.get(key)
        if present is not None:
            self.cluster.delete(self.endpoints, present)
        for piece in self.slices.in_namespace(key[0]):
            labels = labels_of(piece)
            if labels.get(SERVICE_LABEL) == key[1] and labels.get(MANAGED_BY) == CONTROLLER:
                self.cluster.delete(self.slices, piece)

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is not None and new is not None and _facts(old) == _facts(new):
            return
        pod = new or old
        for service in self.services.in_namespace(key_of(pod)[0]) if pod else ():
            selector = service["spec"].get("selector")
            if selector and any(matches({"matchLabels": selector}, labels_of(p)) for p in (old, new) if p):
                self.queue.add(key_of(service))


def _facts(pod: Obj) -> tuple[object, ...]:
    """What of a pod matters for endpoints."""
    address = (pod.get("status") or {}).get("podIP")
    return address, is_ready(pod), is_deleting(pod), phase_of(pod) in FINISHED, labels_of(pod)


def _has_place(pod: Obj) -> bool:
    return bool((pod.get("status") or {}).get("podIP")) and phase_of(pod) not in FINISHED


def ports_of(service: Obj, pod: Obj | None) -> list[Obj]:
    """The ports of a Service with targetPort resolved to a number in this pod; unknown names are left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = target_port(port, pod)
        if number is not None:
            entry: Obj = {"port": number, "protocol": port.get("protocol", "TCP")}
            found.append({"name": port["name"], **entry} if port.get("name") else entry)
    return found


def target_port(port: Obj, pod: Obj | None) -> int | None:
    """The container port behind a Service port."""
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    for container in (pod or {"spec": {}})["spec"].get("containers") or ():
        for candidate in container.get("ports") or ():
            if candidate.get("name") == target:
                return int(candidate["containerPort"])
    return None


def _reference(pod: Obj) -> Obj:
    namespace, name = key_of(pod)
    return {"kind": "Pod", "namespace": namespace, "name": name, "uid": uid_of(pod)}


def endpoints_object(service: Obj, pods: list[Obj]) -> Obj:
    """The Endpoints of a Service; a pod that goes away is not an address."""
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    ready: list[Obj] = []
    waiting: list[Obj] = []
    for pod in pods:
        if is_deleting(pod) and not publish:
            continue
        address: Obj = {"ip": pod["status"]["podIP"], "nodeName": pod["spec"].get("nodeName", "")}
        if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == service["metadata"]["name"]:
            address["hostname"] = pod["spec"]["hostname"]
        address["targetRef"] = _reference(pod)
        (ready if is_ready(pod) or publish else waiting).append(address)
    subset: Obj = {
        "addresses": ready,
        "notReadyAddresses": waiting,
        "ports": ports_of(service, pods[0] if pods else None),
    }
    subset = {name: rows for name, rows in subset.items() if rows}
    labels = dict(labels_of(service))
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    namespace, name = key_of(service)
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "subsets": [subset] if ready or waiting else [],
    }


def slice_object(service: Obj, pods: list[Obj]) -> Obj:
    """The one EndpointSlice of a Service."""
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    namespace, name = key_of(service)
    rows = []
    for pod in pods:
        serving, leaving = is_ready(pod), is_deleting(pod)
        conditions = {"ready": publish or (serving and not leaving), "serving": serving, "terminating": leaving}
        row: Obj = {"addresses": [pod["status"]["podIP"]], "conditions": conditions, "targetRef": _reference(pod)}
        if pod["spec"].get("nodeName"):
            row["nodeName"] = pod["spec"]["nodeName"]
        rows.append(row)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-{content_hash(uid_of(service), 5)}",
            "namespace": namespace,
            "labels": {**labels_of(service), SERVICE_LABEL: name, MANAGED_BY: CONTROLLER},
            "ownerReferences": [owned_by(service, "v1", "Service")],
        },
        "addressType": "IPv4",
        "endpoints": rows,
        "ports": [{"name": port.get("name", ""), **port} for port in ports_of(service, pods[0] if pods else None)],
    }
