"""The environment of a container, in the order and with the failures of a kubelet."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.controllers.objects import Obj, annotations_of, labels_of
from sandbox.node.quantity import divided
from sandbox.node.translate import expand_references

# (kind, name) in the pod's namespace → the object, or None.
Lookup = Callable[[str, str], Obj | None]


class ConfigError(Exception):
    """Something that the container's configuration names is missing: CreateContainerConfigError."""


@dataclass(frozen=True)
class Context:
    """What an environment is made from."""

    pod: Obj
    pod_ip: str
    host_ip: str
    lookup: Lookup
    services: Iterable[Obj] = ()
    node: Obj | None = None


def build(container: Obj, context: Context) -> dict[str, str]:
    """Service variables, then envFrom, then env with `$(NAME)` expanded from what came before."""
    env = service_variables(context.services) if context.pod["spec"].get("enableServiceLinks", True) else {}
    for source in container.get("envFrom") or ():
        env |= _from_source(source, context.lookup)
    for entry in container.get("env") or ():
        if entry.get("valueFrom"):
            value = _from_reference(entry["valueFrom"], container, context)
            if value is not None:
                env[entry["name"]] = value
        else:
            env[entry["name"]] = expand_references(str(entry.get("value") or ""), env)
    return env


def service_variables(services: Iterable[Obj]) -> dict[str, str]:
    """NAME_SERVICE_HOST and its relatives, as `docker --link` made them."""
    env: dict[str, str] = {}
    for service in services:
        address, ports = service["spec"].get("clusterIP"), service["spec"].get("ports") or []
        if not address or address == "None" or not ports:
            continue
        name = service["metadata"]["name"].upper().replace("-", "_")
        first = ports[0]
        env |= {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(first["port"])}
        env[f"{name}_PORT"] = _url(address, first)
        for port in ports:
            if port.get("name"):
                env[f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
            protocol = port.get("protocol", "TCP")
            stem = f"{name}_PORT_{port['port']}_{protocol}"
            env |= {stem: _url(address, port), f"{stem}_PROTO": protocol.lower()}
            env |= {f"{stem}_PORT": str(port["port"]), f"{stem}_ADDR": address}
    return env


def _url(address: str, port: Obj) -> str:
    return f"{port.get('protocol', 'TCP').lower()}://{address}:{port['port']}"


def _from_source(source: Obj, lookup: Lookup) -> dict[str, str]:
    kind, reference = _source_of(source)
    found = lookup(kind, reference["name"])
    if found is None:
        if reference.get("optional"):
            return {}
        raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')
    prefix = source.get("prefix") or ""
    return {prefix + name: value.decode(errors="replace") for name, value in contents(found).items()}


def _source_of(source: Obj) -> tuple[str, Obj]:
    if source.get("secretRef"):
        return "Secret", source["secretRef"]
    return "ConfigMap", source["configMapRef"]


def _from_reference(source: Obj, container: Obj, context: Context) -> str | None:
    if source.get("fieldRef"):
        return field_value(context, source["fieldRef"]["fieldPath"])
    if source.get("resourceFieldRef"):
        return resource_value(container, source["resourceFieldRef"], context.node)
    kind, reference = ("Secret", source["secretKeyRef"]) if source.get("secretKeyRef") else ("", {})
    if source.get("configMapKeyRef"):
        kind, reference = "ConfigMap", source["configMapKeyRef"]
    if not kind:
        raise ConfigError(f"environment from {', '.join(source)} is not supported by the sandbox")
    found = context.lookup(kind, reference["name"])
    optional = bool(reference.get("optional"))
    if found is None:
        if optional:
            return None
        raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')
    values = contents(found)
    if reference["key"] not in values:
        if optional:
            return None
        meta = found["metadata"]
        where = f"{kind} {meta['namespace']}/{meta['name']}"
        raise ConfigError(f"couldn't find key {reference['key']} in {where}")
    return values[reference["key"]].decode(errors="replace")


def contents(obj: Obj) -> dict[str, bytes]:
    """The entries of a ConfigMap or a Secret as bytes."""
    if obj.get("kind") == "Secret":
        try:
            return {name: base64.b64decode(text) for name, text in (obj.get("data") or {}).items()}
        except binascii.Error as error:
            raise ConfigError(f"secret {obj['metadata']['name']} is not base64: {error}") from error
    texts = {name: text.encode() for name, text in (obj.get("data") or {}).items()}
    blobs = {name: base64.b64decode(text) for name, text in (obj.get("binaryData") or {}).items()}
    return {**texts, **blobs}


def field_value(context: Context, path: str) -> str:
    """A fieldRef; raises ConfigError for a path that the API doesn't allow."""
    pod = context.pod
    simple: Mapping[str, Any] = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"].get("namespace", ""),
        "metadata.uid": pod["metadata"].get("uid", ""),
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", "default"),
        "status.podIP": context.pod_ip,
        "status.podIPs": context.pod_ip,
        "status.hostIP": context.host_ip,
        "status.hostIPs": context.host_ip,
    }
    if path in simple:
        return str(simple[path])
    for prefix, table in (("metadata.labels", labels_of(pod)), ("metadata.annotations", annotations_of(pod))):
        if path.startswith(f"{prefix}['") and path.endswith("']"):
            return table.get(path[len(prefix) + 2 : -2], "")
        if path == prefix:  # a downwardAPI volume only
            return "\n".join(f'{name}="{value}"' for name, value in sorted(table.items()))
    raise ConfigError(f"unsupported fieldPath: {path}")


def resource_value(container: Obj, reference: Obj, node: Obj | None) -> str:
    """A resourceFieldRef in units of its divisor; without a limit, what the node has."""
    kind, _, name = str(reference["resource"]).partition(".")
    table = (container.get("resources") or {}).get(kind) or {}
    value = table.get(name)
    if value is None and kind == "limits" and node is not None:
        value = (node.get("status") or {}).get("allocatable", {}).get(name)
    return str(divided(str(value or "0"), str(reference.get("divisor") or "1")))
