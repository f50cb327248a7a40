"""Which Service answers a request: the rules of Ingress as a pure table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.controllers.objects import Key, Obj, is_deleting


@dataclass(frozen=True)
class Route:
    """One path of one host. `port` is the Ingress's `service.port`: a number or a name."""

    path: str
    exact: bool
    service: Key
    port: tuple[tuple[str, int | str], ...]

    def fits(self, path: str) -> bool:
        """Exact, or by whole elements: `/app` fits `/app` and `/app/x`, not `/apple`."""
        if self.exact:
            return path == self.path
        bare = self.path.rstrip("/")
        return path == bare or path.startswith(bare + "/") or not bare


class RouteTable:
    """All Ingresses. Hosts are matched whole, or by `*.` and one label; without a host a rule fits any."""

    def __init__(self, ingresses: Iterable[Obj]) -> None:
        self._hosts: dict[str, list[Route]] = {}
        for ingress in sorted(ingresses, key=_age):
            if not is_deleting(ingress):
                self._add(ingress)
        for routes in self._hosts.values():
            # Longest path first, and of two alike the exact one; else the older Ingress (sort is stable).
            routes.sort(key=lambda route: (-len(route.path), not route.exact))

    def find(self, host: str, path: str) -> Route | None:
        """The route of a request."""
        for candidate in (host, "*." + host.partition(".")[2], ""):
            for route in self._hosts.get(candidate, ()):
                if route.fits(path):
                    return route
        return None

    def knows(self, host: str) -> bool:
        """Whether any rule names this host."""
        return bool({host, "*." + host.partition(".")[2], ""} & self._hosts.keys())

    def _add(self, ingress: Obj) -> None:
        namespace = ingress["metadata"]["namespace"]
        for rule in ingress["spec"].get("rules") or ():
            for path in (rule.get("http") or {}).get("paths") or ():
                exact = path.get("pathType") == "Exact"
                self._put(rule.get("host", ""), namespace, path.get("path") or "/", path["backend"], exact=exact)
        if ingress["spec"].get("defaultBackend"):
            hosts = {rule.get("host", "") for rule in ingress["spec"].get("rules") or ()} or {""}
            for host in hosts:
                self._put(host, namespace, "/", ingress["spec"]["defaultBackend"], exact=False)

    def _put(self, host: str, namespace: str, path: str, backend: Obj, *, exact: bool) -> None:
        service = backend.get("service")
        if service:
            port = tuple(sorted((service.get("port") or {}).items()))
            route = Route(path, exact, (namespace, service["name"]), port)
            self._hosts.setdefault(host, []).append(route)


def _age(ingress: Obj) -> tuple[str, str]:
    return ingress["metadata"].get("creationTimestamp", ""), ingress["metadata"]["name"]
