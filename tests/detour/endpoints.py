"""Which pods answer a request to a store, by the rules of its Ingress and the selector of its Service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.network.routes import Route, RouteTable

Obj = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """A port of one pod."""

    namespace: str
    pod: str
    port: int


class Endpoints:
    """What is served where, as Ingresses, Services and pods of one moment tell it."""

    def __init__(self, objects: Iterable[Obj]) -> None:
        found = list(objects)
        self._routes = RouteTable(each for each in found if each["kind"] == "Ingress")
        self._services = {_key(each): each for each in found if each["kind"] == "Service"}
        self._pods = [each for each in found if each["kind"] == "Pod" and is_ready(each)]

    def knows(self, host: str) -> bool:
        """Whether there is an Ingress for it."""
        return self._routes.knows(host)

    def behind(self, host: str, path: str) -> list[Endpoint]:
        """The ready pods that a controller would choose from; none when no path fits, too."""
        route = self._routes.find(host, path)
        service = self._services.get(route.service) if route else None
        if route is None or service is None:
            return []
        target = _target_port(service, route)
        ports = [(pod, _port_of(pod, target)) for pod in self._pods if _selects(service, pod)]
        return [Endpoint(*_key(pod), port) for pod, port in ports if port is not None]

    def has(self, endpoint: Endpoint) -> bool:
        """Whether its pod still is one that requests may be sent to."""
        return any(_key(pod) == (endpoint.namespace, endpoint.pod) for pod in self._pods)


def is_ready(pod: Obj) -> bool:
    """As the endpoints controller sees it: a pod that is to go gets nothing new, though it may still answer."""
    conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def _selects(service: Obj, pod: Obj) -> bool:
    selector = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    same_place = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return bool(selector) and same_place and selector.items() <= labels.items()


def _target_port(service: Obj, route: Route) -> int | str | None:
    """Of the Service's port that the Ingress names by `number` or `name`."""
    wanted = dict(route.port)
    for port in service["spec"].get("ports") or ():
        if port["port"] == wanted.get("number") or port.get("name", "") == wanted.get("name"):
            target: int | str = port.get("targetPort", port["port"])
            return target
    return None


def _port_of(pod: Obj, target: int | str | None) -> int | None:
    """A name is that of a container's port."""
    if not isinstance(target, str):
        return target
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    return next((int(port["containerPort"]) for port in ports if port.get("name") == target), None)


def _key(found: Obj) -> tuple[str, str]:
    return found["metadata"]["namespace"], found["metadata"]["name"]
