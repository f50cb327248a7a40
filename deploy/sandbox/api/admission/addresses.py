"""Cluster IPs and node ports of Services."""

import random
from ipaddress import IPv4Network, ip_address
from typing import TYPE_CHECKING

from ..errors import invalid, invalid_value
from ..jsontypes import Json
from ..resources import Resource
from ..storage import Entry

if TYPE_CHECKING:
    from ..registry import Registry

_NODE_PORTS = range(30000, 32768)
_EXPOSED = {"NodePort", "LoadBalancer"}


class Addresses:
    """Gives out addresses and remembers which are taken.

    They are drawn at random from a wide range, so that two sandboxes on one machine do not meet.
    """

    def __init__(self, registry: "Registry", cidr: str) -> None:
        self._network = IPv4Network(cidr)
        self._addresses: dict[str, str] = {}  # to the key of the Service
        self._ports: dict[int, str] = {}
        for entry in registry.storage.shelf("/services").entries.values():
            self._take(entry)
        registry.storage.listen(self._on_change)

    def _on_change(self, kind: str, entry: Entry, before: Entry | None) -> None:
        if entry.resource_key != "/services":
            return
        if before is not None:
            self._release(before)
        if kind != "DELETED":
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        spec = entry.obj["spec"]
        for address in spec.get("clusterIPs") or ():
            self._addresses[address] = entry.key
        for port in spec.get("ports") or ():
            if port.get("nodePort"):
                self._ports[port["nodePort"]] = entry.key

    def _release(self, entry: Entry) -> None:
        spec = entry.obj["spec"]
        for address in spec.get("clusterIPs") or ():
            self._addresses.pop(address, None)
        for port in spec.get("ports") or ():
            self._ports.pop(port.get("nodePort"), None)

    def assign(self, resource: Resource, obj: Json) -> None:
        """Gives a Service what it lacks; raises 422 when what it wants is taken or out of range."""
        spec, key = obj["spec"], f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"
        if spec["type"] == "ExternalName":
            spec.pop("clusterIP", None)
            spec.pop("clusterIPs", None)
            return
        wanted = spec.get("clusterIP")
        if not wanted:
            spec["clusterIP"] = self._draw()
        elif wanted != "None":
            self._check(resource, obj, wanted, key)
        spec["clusterIPs"] = [spec["clusterIP"]]
        if spec["type"] in _EXPOSED:
            self._assign_ports(resource, obj, key)
        else:
            for port in spec.get("ports") or ():
                port.pop("nodePort", None)

    def _draw(self) -> str:
        while True:
            offset = random.randrange(256, self._network.num_addresses - 256)  # noqa: S311 - no secret
            address = str(self._network.network_address + offset)
            if address not in self._addresses and not address.endswith((".0", ".255")):
                return address

    def _check(self, resource: Resource, obj: Json, wanted: str, key: str) -> None:
        problem = ""
        try:
            inside = ip_address(wanted) in self._network
        except ValueError:
            problem = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        else:
            if not inside:
                problem = (
                    f"failed to allocate IP {wanted}: the provided network does not match the current range: the "
                    f"provided IP ({wanted}) is not in the valid range. The range of valid IPs is {self._network}"
                )
            elif self._addresses.get(wanted, key) != key:
                problem = f"failed to allocate IP {wanted}: provided IP is already allocated"
        if problem:
            cause = invalid_value("spec.clusterIPs", [wanted], problem)
            raise invalid(resource.group, resource.kind, obj["metadata"]["name"], [cause])

    def _assign_ports(self, resource: Resource, obj: Json, key: str) -> None:
        for index, port in enumerate(obj["spec"].get("ports") or ()):
            wanted = port.get("nodePort")
            if not wanted:
                free = [number for number in _NODE_PORTS if number not in self._ports]
                port["nodePort"] = random.choice(free)  # noqa: S311 - no secret
            elif self._ports.get(wanted, key) != key:
                field, detail = f"spec.ports[{index}].nodePort", "provided port is already allocated"
                raise invalid("", resource.kind, obj["metadata"]["name"], [invalid_value(field, wanted, detail)])
            self._ports[port["nodePort"]] = key
