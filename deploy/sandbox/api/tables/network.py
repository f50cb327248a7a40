"""Services, endpoints, ingresses and policies as rows."""

from typing import Any

from ..jsontypes import Json, dig
from ..selectors import format_label_selector
from .ages import age
from .column import Printer, columns


def _age(obj: Json) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def _pairs(labels: Json | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def _service(obj: Json) -> list[Any]:
    spec = obj["spec"]
    return [
        obj["metadata"]["name"],
        spec.get("type", ""),
        spec.get("clusterIP") or "<none>",
        _external(obj, spec),
        ",".join(_port(port) for port in spec.get("ports") or ()) or "<none>",
        _age(obj),
        _pairs(spec.get("selector")),
    ]


def _external(obj: Json, spec: Json) -> str:
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    addresses = list(spec.get("externalIPs") or ())
    if spec.get("type") == "LoadBalancer":
        given = dig(obj, "status", "loadBalancer", "ingress", default=[])
        found = [item.get("ip") or item.get("hostname", "") for item in given]
        return ",".join(found + addresses) or "<pending>"
    return ",".join(addresses) or "<none>"


def _port(port: Json) -> str:
    if port.get("nodePort"):
        return f"{port['port']}:{port['nodePort']}/{port.get('protocol', 'TCP')}"
    return f"{port['port']}/{port.get('protocol', 'TCP')}"


def _some(items: list[str], most: int = 3) -> str:
    if not items:
        return "<none>"
    more = f" + {len(items) - most} more..." if len(items) > most else ""
    return ",".join(items[:most]) + more


def _endpoints(obj: Json) -> list[Any]:
    found = []
    for subset in obj.get("subsets") or ():
        ports = subset.get("ports") or [None]
        for port in ports:
            for address in subset.get("addresses") or ():
                found.append(f"{address['ip']}:{port['port']}" if port else address["ip"])
    return [obj["metadata"]["name"], _some(found), _age(obj)]


def _slice(obj: Json) -> list[Any]:
    ports = [str(port["port"]) for port in obj.get("ports") or () if port.get("port")]
    addresses = [item for endpoint in obj.get("endpoints") or () for item in endpoint.get("addresses") or ()]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        _some(ports) if ports else "<unset>",
        _some(addresses) if addresses else "<unset>",
        _age(obj),
    ]


def _ingress(obj: Json) -> list[Any]:
    spec = obj.get("spec") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    given = dig(obj, "status", "loadBalancer", "ingress", default=[])
    return [
        obj["metadata"]["name"],
        spec.get("ingressClassName") or "<none>",
        _some(hosts) if hosts else "*",
        ",".join(item.get("ip") or item.get("hostname", "") for item in given),
        "80, 443" if spec.get("tls") else "80",
        _age(obj),
    ]


def _ingress_class(obj: Json) -> list[Any]:
    spec = obj.get("spec") or {}
    parameters, shown = spec.get("parameters"), "<none>"
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        shown = f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"
    return [obj["metadata"]["name"], spec.get("controller", ""), shown, _age(obj)]


def _policy(obj: Json) -> list[Any]:
    return [obj["metadata"]["name"], format_label_selector(dig(obj, "spec", "podSelector", default={})), _age(obj)]


NETWORK: dict[str, Printer] = {
    "/services": Printer(
        columns("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", wide=("Selector",)), _service
    ),
    "/endpoints": Printer(columns("Name", "Endpoints", "Age"), _endpoints),
    "discovery.k8s.io/endpointslices": Printer(columns("Name", "AddressType", "Ports", "Endpoints", "Age"), _slice),
    "networking.k8s.io/ingresses": Printer(columns("Name", "Class", "Hosts", "Address", "Ports", "Age"), _ingress),
    "networking.k8s.io/ingressclasses": Printer(columns("Name", "Controller", "Parameters", "Age"), _ingress_class),
    "networking.k8s.io/networkpolicies": Printer(columns("Name", "Pod-Selector", "Age"), _policy),
}
