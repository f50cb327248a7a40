"""Services, Ingresses, NetworkPolicies and EndpointSlices."""

from ..errors import Causes, duplicate, invalid_value, required, unsupported
from ..jsontypes import Json, clone
from ..metadata import dns_1035_problems, is_subdomain
from .checks import default_all
from .kind import Kind

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_PORTS = range(1, 65536)


def _default_service(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    default_all(spec, (("type", "ClusterIP"), ("sessionAffinity", "None")))
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in {None, 0, ""}:
            port["targetPort"] = port.get("port")
    if spec["type"] == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    default_all(spec, (("ipFamilies", ["IPv4"]), ("ipFamilyPolicy", "SingleStack")))
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec.get("clusterIP"):
        spec.setdefault("clusterIPs", [spec["clusterIP"]])


def _update_service(obj: Json, old: Json) -> None:
    """A manifest that is sent again does not know the addresses that were given out."""
    spec, before = obj["spec"], old["spec"]
    if spec["type"] == "ExternalName":
        return
    if not spec.get("clusterIP") and before.get("clusterIP"):
        spec["clusterIP"] = before["clusterIP"]
        spec["clusterIPs"] = clone(before.get("clusterIPs") or [before["clusterIP"]])
    if spec["type"] not in {"NodePort", "LoadBalancer"}:
        return
    given = {(port.get("protocol"), port.get("port")): port.get("nodePort") for port in before.get("ports") or ()}
    for port in spec.get("ports") or ():
        known = given.get((port.get("protocol"), port.get("port")))
        if known and not port.get("nodePort"):
            port["nodePort"] = known


def _check_service(obj: Json) -> Causes:
    spec = obj["spec"]
    causes: Causes = []
    if spec["type"] not in _TYPES:
        causes.append(unsupported("spec.type", spec["type"], _TYPES))
    if spec["type"] == "ExternalName":
        if not spec.get("externalName"):
            causes.append(required("spec.externalName"))
    elif not spec.get("ports") and spec.get("clusterIP") != "None":
        causes.append(required("spec.ports"))
    return causes + _check_service_ports(spec.get("ports") or [])


def _check_service_ports(ports: list[Json]) -> Causes:
    causes: Causes = []
    names: set[str] = set()
    numbers: set[tuple[object, object]] = set()
    for index, port in enumerate(ports):
        where, name = f"spec.ports[{index}]", port.get("name")
        if not name and len(ports) > 1:
            causes.append(required(f"{where}.name"))
        elif name and name in names:
            causes.append(duplicate(f"{where}.name", name))
        names.add(name or "")
        number = port.get("port")
        if number not in _PORTS:
            causes.append(invalid_value(f"{where}.port", number or 0, "must be between 1 and 65535, inclusive"))
        identity = (port.get("protocol"), number)
        if identity in numbers:
            causes.append(duplicate(where, {"protocol": identity[0], "port": number}))
        numbers.add(identity)
    return causes


def _check_service_update(obj: Json, old: Json) -> Causes:
    new, before = obj["spec"], old["spec"]
    if before["type"] == "ExternalName" or new["type"] == "ExternalName" or not before.get("clusterIP"):
        return []
    if new.get("clusterIP") != before["clusterIP"]:
        addresses = new.get("clusterIPs") or [new.get("clusterIP")]
        return [invalid_value("spec.clusterIPs[0]", addresses, "may not change once set")]
    return []


def _check_ingress(obj: Json) -> Causes:
    spec = obj.get("spec") or {}
    causes: Causes = []
    if not spec.get("rules") and not spec.get("defaultBackend"):
        causes.append(invalid_value("spec", spec, "either `defaultBackend` or `rules` must be specified"))
    for index, rule in enumerate(spec.get("rules") or ()):
        where, host = f"spec.rules[{index}]", rule.get("host")
        if host and not is_subdomain(host.removeprefix("*.")):
            causes.append(invalid_value(f"{where}.host", host, "must be a DNS name"))
        http = rule.get("http")
        if http is not None and not http.get("paths"):
            causes.append(required(f"{where}.http.paths"))
        for number, path in enumerate((http or {}).get("paths") or ()):
            causes += _check_path(path, f"{where}.http.paths[{number}]")
    if spec.get("defaultBackend") is not None:
        causes += _check_backend(spec["defaultBackend"], "spec.defaultBackend")
    return causes


def _check_path(path: Json, where: str) -> Causes:
    causes: Causes = []
    kind, text = path.get("pathType"), path.get("path") or ""
    if kind is None:
        causes.append(required(f"{where}.pathType", "pathType must be specified"))
    elif kind not in _PATH_TYPES:
        causes.append(unsupported(f"{where}.pathType", kind, _PATH_TYPES))
    elif kind != "ImplementationSpecific" and not text.startswith("/"):
        causes.append(invalid_value(f"{where}.path", text, "must be an absolute path"))
    return causes + _check_backend(path.get("backend") or {}, f"{where}.backend")


def _check_backend(backend: Json, where: str) -> Causes:
    if backend.get("resource"):
        return []
    service = backend.get("service")
    if service is None:
        return [required(where, "one of `service` or `resource` is required")] if not backend else []
    causes: Causes = [] if service.get("name") else [required(f"{where}.service.name")]
    port = service.get("port") or {}
    if not port.get("name") and not port.get("number"):
        causes.append(required(f"{where}.service.port", "port name or number is required"))
    return causes


def _default_policy(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _check_policy(obj: Json) -> Causes:
    kinds = ("Egress", "Ingress")
    listed = obj["spec"].get("policyTypes") or ()
    return [
        unsupported(f"spec.policyTypes[{index}]", kind, kinds) for index, kind in enumerate(listed) if kind not in kinds
    ]


def _default_slice(obj: Json) -> None:
    for port in obj.get("ports") or ():
        default_all(port, (("name", ""), ("protocol", "TCP")))


def _check_slice(obj: Json) -> Causes:
    kinds = ("FQDN", "IPv4", "IPv6")
    if not obj.get("addressType"):
        return [required("addressType")]
    return [] if obj["addressType"] in kinds else [unsupported("addressType", obj["addressType"], kinds)]


NETWORK: dict[str, Kind] = {
    "/services": Kind(
        default=_default_service,
        prepare_update=_update_service,
        check=_check_service,
        check_update=_check_service_update,
        name_rule=dns_1035_problems,
        has_status=True,
        initial_status={"loadBalancer": {}},
        create_on_update=True,
        returns_deleted=True,
        skeleton={"spec": {}, "status": {"loadBalancer": {}}},
    ),
    "networking.k8s.io/ingresses": Kind(
        check=_check_ingress,
        has_generation=True,
        has_status=True,
        initial_status={"loadBalancer": {}},
        skeleton={"spec": {}, "status": {"loadBalancer": {}}},
    ),
    "networking.k8s.io/networkpolicies": Kind(
        default=_default_policy, check=_check_policy, has_generation=True, skeleton={"spec": {"podSelector": {}}}
    ),
    "networking.k8s.io/ingressclasses": Kind(has_generation=True, skeleton={"spec": {}}),
    "discovery.k8s.io/endpointslices": Kind(default=_default_slice, check=_check_slice, has_generation=True),
}
