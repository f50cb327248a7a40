"""What is wrong with a pod's spec (the part of Kubernetes' ``ValidatePodSpec`` that people run into)."""

import re
from collections.abc import Iterable
from typing import Any

from ..errors import Cause, Causes, duplicate, forbidden_field, invalid_value, required, unsupported
from ..jsontypes import Json, clone
from ..metadata import label_problems, subdomain_problems
from ..quantity import parse
from .podspec import containers_of

_PORTS = range(1, 65536)
_PORT_RULE = "must be between 1 and 65535, inclusive"
_ENV_NAME = re.compile(r"[ -<>-~]+")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_VOLUME_SOURCES = 1  # besides the name
_UPDATE_RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_pod_spec(spec: Json, path: str, restart: tuple[str, ...] = ("Always", "OnFailure", "Never")) -> Causes:
    """The causes, each with its field below ``path``."""
    causes: Causes = []
    if not spec.get("containers"):
        causes.append(required(f"{path}.containers"))
    causes += _check_volumes(spec.get("volumes") or (), f"{path}.volumes")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    names: set[str] = set()
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            where = f"{path}.{field}[{index}]"
            causes += _check_name(container.get("name"), f"{where}.name", names)
            causes += _check_container(container, where, volumes)
    policy = spec.get("restartPolicy")
    if policy not in restart:
        causes.append(unsupported(f"{path}.restartPolicy", policy, restart))
    if spec.get("dnsPolicy") not in {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}:
        options = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
        causes.append(unsupported(f"{path}.dnsPolicy", spec.get("dnsPolicy"), options))
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        field = f"{path}.terminationGracePeriodSeconds"
        causes.append(invalid_value(field, spec["terminationGracePeriodSeconds"], "must be greater than or equal to 0"))
    account = spec.get("serviceAccountName")
    if account:
        causes += [invalid_value(f"{path}.serviceAccountName", account, why) for why in subdomain_problems(account)]
    return causes


def _check_name(name: Any, field: str, seen: set[str]) -> Causes:
    if not name:
        return [required(field)]
    causes = [invalid_value(field, name, why) for why in label_problems(name)]
    if name in seen:
        causes.append(duplicate(field, name))
    seen.add(name)
    return causes


def _check_container(container: Json, path: str, volumes: set[str | None]) -> Causes:
    causes: Causes = []
    image = container.get("image")
    if not image:
        causes.append(required(f"{path}.image"))
    elif image != image.strip():
        causes.append(invalid_value(f"{path}.image", image, "must not have leading or trailing whitespace"))
    if image and container.get("imagePullPolicy") not in _PULL_POLICIES:
        causes.append(unsupported(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), _PULL_POLICIES))
    causes += _check_ports(container.get("ports") or (), f"{path}.ports")
    causes += _check_env(container.get("env") or (), f"{path}.env")
    causes += _check_mounts(container.get("volumeMounts") or (), f"{path}.volumeMounts", volumes)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe) is not None:
            causes += _check_probe(container[probe], f"{path}.{probe}", only_once=probe != "readinessProbe")
    return causes + check_resources(container.get("resources") or {}, f"{path}.resources")


def _check_ports(ports: Iterable[Json], path: str) -> Causes:
    causes: Causes = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        number = port.get("containerPort")
        if not number:
            causes.append(required(f"{path}[{index}].containerPort"))
        elif number not in _PORTS:
            causes.append(invalid_value(f"{path}[{index}].containerPort", number, _PORT_RULE))
        if port.get("protocol") not in {"TCP", "UDP", "SCTP"}:
            causes.append(unsupported(f"{path}[{index}].protocol", port.get("protocol"), ("SCTP", "TCP", "UDP")))
        name = port.get("name")
        if name and name in names:
            causes.append(duplicate(f"{path}[{index}].name", name))
        names.add(name or "")
    return causes


def _check_env(variables: Iterable[Json], path: str) -> Causes:
    causes: Causes = []
    for index, variable in enumerate(variables):
        name = variable.get("name")
        if not name:
            causes.append(required(f"{path}[{index}].name"))
        elif not _ENV_NAME.fullmatch(name):
            rule = "a valid environment variable name must consist only of printable ASCII characters other than '='"
            causes.append(invalid_value(f"{path}[{index}].name", name, rule))
        source = variable.get("valueFrom")
        if source is not None and variable.get("value"):
            detail = "may not be specified when `value` is not empty"
            causes.append(invalid_value(f"{path}[{index}].valueFrom", "", detail))
        elif source is not None and len(source) != 1:
            detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            causes.append(invalid_value(f"{path}[{index}].valueFrom", source or "", detail))
    return causes


def _check_mounts(mounts: Iterable[Json], path: str, volumes: set[str | None]) -> Causes:
    causes: Causes = []
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        name, where = mount.get("name"), mount.get("mountPath")
        if not name:
            causes.append(required(f"{path}[{index}].name"))
        elif name not in volumes:
            causes.append(Cause(f"{path}[{index}].name", "FieldValueNotFound", "", name))
        if not where:
            causes.append(required(f"{path}[{index}].mountPath"))
        elif where in paths:
            causes.append(invalid_value(f"{path}[{index}].mountPath", where, "must be unique"))
        paths.add(where or "")
    return causes


def _check_probe(probe: Json, path: str, *, only_once: bool) -> Causes:
    handlers = [name for name in _HANDLERS if probe.get(name) is not None]
    causes: Causes = []
    if not handlers:
        causes.append(required(path, "must specify a handler type"))
    for extra in handlers[1:]:
        causes.append(forbidden_field(f"{path}.{extra}", "may not specify more than 1 handler type"))
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if probe.get(field, 0) < 0:
            causes.append(invalid_value(f"{path}.{field}", probe[field], "must be greater than or equal to 0"))
    if only_once and probe.get("successThreshold", 1) != 1:
        causes.append(invalid_value(f"{path}.successThreshold", probe["successThreshold"], "must be 1"))
    for handler in ("httpGet", "tcpSocket"):
        if handler in handlers and not probe[handler].get("port"):
            causes.append(invalid_value(f"{path}.{handler}.port", probe[handler].get("port", 0), _PORT_RULE))
    return causes


def check_resources(resources: Json, path: str) -> Causes:
    """Amounts must not be negative, and a request must not be above its limit."""
    causes: Causes = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            if parse(amount) < 0:
                where = f"{path}.{field}[{name}]"
                causes.append(invalid_value(where, amount, "must be greater than or equal to 0"))
    for name, amount in requests.items():
        if name in limits and parse(amount) > parse(limits[name]):
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            causes.append(invalid_value(f"{path}.requests", amount, detail))
    return causes


def _check_volumes(volumes: Iterable[Json], path: str) -> Causes:
    causes: Causes = []
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        causes += _check_name(volume.get("name"), f"{path}[{index}].name", names)
        sources = [key for key in volume if key != "name"]
        for extra in sources[_VOLUME_SOURCES:]:
            causes.append(forbidden_field(f"{path}[{index}].{extra}", "may not specify more than 1 volume type"))
        claim = volume.get("persistentVolumeClaim")
        if claim is not None and not claim.get("claimName"):
            causes.append(required(f"{path}[{index}].persistentVolumeClaim.claimName"))
        config = volume.get("configMap")
        if config is not None and not config.get("name"):
            causes.append(required(f"{path}[{index}].configMap.name"))
        secret = volume.get("secret")
        if secret is not None and not secret.get("secretName"):
            causes.append(required(f"{path}[{index}].secret.secretName"))
    return causes


def check_template(template: Json, path: str, restart: tuple[str, ...]) -> Causes:
    """What is wrong with a pod template."""
    return check_pod_spec(template.get("spec") or {}, f"{path}.spec", restart)


def check_pod_update(pod: Json, old: Json) -> Causes:
    """A pod's spec is fixed but for images, deadlines and further tolerations."""
    bound_once = not old["spec"].get("nodeName") or pod["spec"].get("nodeName") == old["spec"]["nodeName"]
    if (
        bound_once
        and _fixed_part(pod["spec"]) == _fixed_part(old["spec"])
        and _tolerations_grow(pod["spec"], old["spec"])
    ):
        return []
    return [forbidden_field("spec", _UPDATE_RULE)]


def _fixed_part(spec: Json) -> Json:
    kept: Json = clone(spec)
    for field in ("activeDeadlineSeconds", "tolerations", "schedulingGates", "nodeName"):
        kept.pop(field, None)
    for container in containers_of(kept):
        container.pop("image", None)
        container.pop("resizePolicy", None)
    return kept


def _tolerations_grow(spec: Json, old: Json) -> bool:
    now = spec.get("tolerations") or []
    return all(item in now for item in old.get("tolerations") or [])
