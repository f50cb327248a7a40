"""Which pods serve a Service right now."""

from __future__ import annotations

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.endpoints import SERVICE_LABEL
from sandbox.controllers.objects import Key, Obj, is_deleting, labels_of

# (address, port) of a pod.
Place = tuple[str, int]


class Backends:
    """Reads the EndpointSlices, and leaves out pods whose deletion has begun but isn't in the slices yet."""

    def __init__(self, cluster: Cluster) -> None:
        self._slices = cluster.cache("endpointslices", "discovery.k8s.io")
        self._pods = cluster.cache("pods")
        self._services = cluster.cache("services")
        self._turn: dict[Key, int] = {}

    def of(self, service: Key, port_name: str) -> list[Place]:
        """Ready pods, beginning with another one at each call."""
        places = [
            place
            for piece in self._slices.in_namespace(service[0])
            if labels_of(piece).get(SERVICE_LABEL) == service[1]
            for place in self._ready(piece, port_name)
        ]
        if len(places) < 2:  # noqa: PLR2004 - nothing to choose
            return places
        turn = self._turn[service] = self._turn.get(service, 0) + 1
        return places[turn % len(places) :] + places[: turn % len(places)]

    def port_of(self, service: Key, wanted: Obj) -> Obj | None:
        """The port of a Service that an Ingress means by `number` or `name`."""
        found = self._services.get(service)
        for port in found["spec"].get("ports") or () if found else ():
            if port["port"] == wanted.get("number") or (wanted.get("name") and port.get("name") == wanted["name"]):
                chosen: Obj = port
                return chosen
        return None

    def _ready(self, piece: Obj, port_name: str) -> list[Place]:
        number = next((p["port"] for p in piece.get("ports") or () if (p.get("name") or "") == port_name), None)
        if number is None:
            return []
        return [
            (address, int(number))
            for endpoint in piece.get("endpoints") or ()
            if endpoint["conditions"].get("ready") and not self._is_leaving(piece, endpoint)
            for address in endpoint["addresses"]
        ]

    def _is_leaving(self, piece: Obj, endpoint: Obj) -> bool:
        reference = endpoint.get("targetRef") or {}
        pod = self._pods.get((piece["metadata"]["namespace"], reference.get("name", "")))
        return pod is None or is_deleting(pod)
