"""Pod Security Standards: the levels ``baseline`` and ``restricted``, set by labels of the namespace."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import forbidden
from ..jsontypes import Json, dig
from ..kinds.podspec import containers_of
from ..options import WriteOptions
from ..resources import Resource

if TYPE_CHECKING:
    from ..registry import Registry

_LABEL = "pod-security.kubernetes.io/"
_DEFAULT_CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_TEMPLATES = {
    "apps/daemonsets": ("spec", "template", "spec"),
    "apps/deployments": ("spec", "template", "spec"),
    "apps/replicasets": ("spec", "template", "spec"),
    "apps/statefulsets": ("spec", "template", "spec"),
    "batch/jobs": ("spec", "template", "spec"),
    "batch/cronjobs": ("spec", "jobTemplate", "spec", "template", "spec"),
    "/podtemplates": ("template", "spec"),
}

Check = Callable[[Json], str]


class PodSecurity:
    """Refuses pods that their namespace forbids, and warns of templates that will make such pods."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def check(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Raises 403 for a pod beyond the enforced level; adds a warning for the level to warn of."""
        namespace = self._registry.storage.find("/namespaces", None, obj["metadata"].get("namespace", ""))
        labels = (namespace.obj["metadata"].get("labels") or {}) if namespace else {}
        if resource.key == "/pods":
            told = self._violations(labels, "enforce", obj["spec"])
            if told:
                raise forbidden(resource, obj["metadata"].get("name", ""), f"violates PodSecurity {told}")
            spec = obj["spec"]
        elif resource.key in _TEMPLATES:
            spec = dig(obj, *_TEMPLATES[resource.key], default={})
        else:
            return
        told = self._violations(labels, "warn", spec)
        if told:
            options.warnings.append(f"would violate PodSecurity {told}")

    def _violations(self, labels: dict[str, str], mode: str, spec: Json) -> str:
        level = labels.get(_LABEL + mode, "privileged")
        problems = violations(level, spec)
        if not problems:
            return ""
        version = labels.get(f"{_LABEL}{mode}-version", "latest")
        return f'"{level}:{version}": {", ".join(problems)}'


def violations(level: str, spec: Json) -> list[str]:
    """What a pod's spec does beyond a level, in the order and words of the admission plugin."""
    checks = {"baseline": _BASELINE, "restricted": _RESTRICTED}.get(level, ())
    return [told for check in checks if (told := check(spec))]


def _security(container: Json) -> Json:
    return container.get("securityContext") or {}


def _named(containers: Iterable[Json]) -> str:
    names = [f'"{container.get("name", "")}"' for container in containers]
    return f"container{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _privilege_escalation(spec: Json) -> str:
    bad = [item for item in containers_of(spec) if _security(item).get("allowPrivilegeEscalation") is not False]
    rule = "must set securityContext.allowPrivilegeEscalation=false"
    return f"allowPrivilegeEscalation != false ({_named(bad)} {rule})" if bad else ""


def _added(container: Json) -> list[str]:
    return list(dig(container, "securityContext", "capabilities", "add", default=[]))


def _default_capabilities(spec: Json) -> str:
    bad = [item for item in containers_of(spec) if set(_added(item)) - _DEFAULT_CAPABILITIES]
    if not bad:
        return ""
    names = sorted({name for item in bad for name in _added(item)} - _DEFAULT_CAPABILITIES)
    listed = ", ".join(f'"{name}"' for name in names)
    return f"non-default capabilities ({_named(bad)} must not include {listed} in securityContext.capabilities.add)"


def _dropped_capabilities(spec: Json) -> str:
    every = list(containers_of(spec))
    keep = [item for item in every if "ALL" not in dig(item, "securityContext", "capabilities", "drop", default=[])]
    add = [item for item in every if set(_added(item)) - {"NET_BIND_SERVICE"}]
    parts = []
    if keep:
        parts.append(f'{_named(keep)} must set securityContext.capabilities.drop=["ALL"]')
    if add:
        names = sorted({name for item in add for name in _added(item)} - {"NET_BIND_SERVICE"})
        listed = ", ".join(f'"{name}"' for name in names)
        parts.append(f"{_named(add)} must not include {listed} in securityContext.capabilities.add")
    return f"unrestricted capabilities ({'; '.join(parts)})" if parts else ""


def _host_namespaces(spec: Json) -> str:
    bad = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    return f"host namespaces ({', '.join(bad)})" if bad else ""


def _volume_list(names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"volume{'s' if len(names) > 1 else ''} {listed}"


def _host_paths(spec: Json) -> str:
    bad = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    return f"hostPath volumes ({_volume_list(bad)})" if bad else ""


def _host_ports(spec: Json) -> str:
    used = {
        item["name"]: [str(port["hostPort"]) for port in item.get("ports") or () if port.get("hostPort")]
        for item in containers_of(spec)
    }
    bad = [{"name": name} for name, ports in used.items() if ports]
    ports = [port for found in used.values() for port in found]
    if not bad:
        return ""
    verb = "use" if len(bad) > 1 else "uses"
    return f"hostPort ({_named(bad)} {verb} hostPort{'s' if len(ports) > 1 else ''} {', '.join(ports)})"


def _privileged(spec: Json) -> str:
    bad = [item for item in containers_of(spec) if _security(item).get("privileged")]
    return f"privileged ({_named(bad)} must not set securityContext.privileged=true)" if bad else ""


def _proc_mount(spec: Json) -> str:
    bad = [item for item in containers_of(spec) if _security(item).get("procMount", "Default") != "Default"]
    if not bad:
        return ""
    kinds = ", ".join(sorted({f'"{_security(item)["procMount"]}"' for item in bad}))
    return f"procMount ({_named(bad)} must not set securityContext.procMount to {kinds})"


def _restricted_volumes(spec: Json) -> str:
    found = [
        (volume["name"], next(key for key in volume if key != "name"))
        for volume in spec.get("volumes") or ()
        if set(volume) - {"name"} - _VOLUMES
    ]
    if not found:
        return ""
    kinds = sorted({kind for _, kind in found})
    listed = ", ".join(f'"{kind}"' for kind in kinds)
    verb, plural = ("use", "s") if len(found) > 1 else ("uses", "s" if len(kinds) > 1 else "")
    names = _volume_list([name for name, _ in found])
    return f"restricted volume types ({names} {verb} restricted volume type{plural} {listed})"


def _non_root(spec: Json) -> str:
    by_pod = dig(spec, "securityContext", "runAsNonRoot")
    every = list(containers_of(spec))
    refusing = [item for item in every if _security(item).get("runAsNonRoot") is False]
    unset = [item for item in every if _security(item).get("runAsNonRoot") is None]
    rule = "securityContext.runAsNonRoot"
    if refusing:
        return f"runAsNonRoot != true ({_named(refusing)} must not set {rule}=false)"
    if unset and by_pod is False:
        return f"runAsNonRoot != true (pod must not set {rule}=false)"
    if unset and by_pod is None:
        return f"runAsNonRoot != true (pod or {_named(unset)} must set {rule}=true)"
    return ""


def _root_user(spec: Json) -> str:
    parts = ["pod"] if dig(spec, "securityContext", "runAsUser") == 0 else []
    bad = [item for item in containers_of(spec) if _security(item).get("runAsUser") == 0]
    if bad:
        parts.append(_named(bad))
    return f"runAsUser=0 ({' and '.join(parts)} must not set runAsUser=0)" if parts else ""


def _seccomp_types(spec: Json) -> Iterator[tuple[str, str | None]]:
    yield "pod", dig(spec, "securityContext", "seccompProfile", "type")
    for item in containers_of(spec):
        yield f'container "{item.get("name", "")}"', dig(item, "securityContext", "seccompProfile", "type")


def _seccomp_baseline(spec: Json) -> str:
    bad = [who for who, kind in _seccomp_types(spec) if kind == "Unconfined"]
    rule = 'must not set securityContext.seccompProfile.type to "Unconfined"'
    return f"seccompProfile ({' and '.join(bad)} {rule})" if bad else ""


def _seccomp_restricted(spec: Json) -> str:
    told = _seccomp_baseline(spec)
    if told:
        return told
    by_pod = dig(spec, "securityContext", "seccompProfile", "type") in _SECCOMP
    unset = [
        item for item in containers_of(spec) if dig(item, "securityContext", "seccompProfile", "type") not in _SECCOMP
    ]
    if by_pod or not unset:
        return ""
    rule = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return f"seccompProfile (pod or {_named(unset)} {rule})"


def _sysctls(spec: Json) -> str:
    named = [item.get("name", "") for item in dig(spec, "securityContext", "sysctls", default=[])]
    bad = [name for name in named if name not in _SAFE_SYSCTLS]
    return f"forbidden sysctls ({', '.join(bad)})" if bad else ""


_BASELINE: tuple[Check, ...] = (
    _default_capabilities,
    _host_namespaces,
    _host_paths,
    _host_ports,
    _privileged,
    _proc_mount,
    _seccomp_baseline,
    _sysctls,
)
_RESTRICTED: tuple[Check, ...] = (
    _privilege_escalation,
    _dropped_capabilities,
    _host_namespaces,
    _host_ports,
    _privileged,
    _proc_mount,
    _restricted_volumes,
    _non_root,
    _root_user,
    _seccomp_restricted,
    _sysctls,
)
