"""The plain kinds of the core group: namespaces, pods, claims, secrets, quotas and their like."""

import base64
import binascii

from ..errors import Causes, forbidden_field, invalid_value, required, too_long, unsupported
from ..jsontypes import Json, clone
from ..metadata import is_subdomain, label_problems
from ..quantity import parse
from .checks import default_all, unchanged
from .kind import Kind
from .podchecks import check_pod_spec, check_pod_update
from .podspec import default_pod, qos_class

_CLAIM_RULE = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_MAX_BYTES = 1024 * 1024
_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def _default_namespace(obj: Json) -> None:
    if obj["metadata"].get("name"):
        labels = obj["metadata"].setdefault("labels", {})
        labels["kubernetes.io/metadata.name"] = obj["metadata"]["name"]


def _create_namespace(obj: Json) -> None:
    obj["spec"] = {"finalizers": ["kubernetes"]}


def _update_namespace(obj: Json, old: Json) -> None:
    obj["spec"] = clone(old.get("spec") or {})


def _create_pod(obj: Json) -> None:
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}


def _check_pod(obj: Json) -> Causes:
    return check_pod_spec(obj["spec"], "spec")


def _default_secret(obj: Json) -> None:
    obj.setdefault("type", "Opaque")
    for key, text in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(str(text).encode()).decode()


def _check_secret(obj: Json) -> Causes:
    causes, size = _check_keys(obj.get("data") or {}, "data"), 0
    for key, value in (obj.get("data") or {}).items():
        try:
            size += len(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            causes.append(invalid_value(f"data[{key}]", value, "must be base64"))
    causes += _check_size("data", size)
    wanted = {
        "kubernetes.io/tls": ("tls.crt", "tls.key"),
        "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    }.get(obj["type"], ())
    return causes + [required(f"data[{key}]") for key in wanted if key not in (obj.get("data") or {})]


def _check_config_map(obj: Json) -> Causes:
    text, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    causes = _check_keys(text, "data") + _check_keys(binary, "binaryData")
    causes += _check_size("", sum(len(str(value)) for value in (*text.values(), *binary.values())))
    return causes + [
        invalid_value(f"data[{key}]", key, "duplicate of key present in binaryData") for key in text if key in binary
    ]


def _check_keys(data: Json, field: str) -> Causes:
    rule = (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
        "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )
    causes: Causes = [
        invalid_value(f"{field}[{key}]", key, rule)
        for key in data
        if not key or not all(char.isascii() and (char.isalnum() or char in "-._") for char in key)
    ]
    return causes


def _check_size(field: str, size: int) -> Causes:
    return [too_long(field, _MAX_BYTES)] if size > _MAX_BYTES else []


def _check_immutable(obj: Json, old: Json) -> Causes:
    """Secrets and ConfigMaps may be frozen for ever."""
    if not old.get("immutable"):
        return []
    causes: Causes = []
    if not obj.get("immutable"):
        causes.append(forbidden_field("immutable", "field is immutable when `immutable` is set"))
    for field in ("data", "binaryData"):
        if (obj.get(field) or {}) != (old.get(field) or {}):
            causes.append(forbidden_field(field, "field is immutable when `immutable` is set"))
    return causes


def _check_secret_update(obj: Json, old: Json) -> Causes:
    return unchanged(obj.get("type"), old.get("type"), "type") + _check_immutable(obj, old)


def _default_claim(obj: Json) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def _check_claim(obj: Json) -> Causes:
    spec = obj["spec"]
    causes: Causes = []
    if not spec.get("accessModes"):
        causes.append(required("spec.accessModes", "at least 1 access mode is required"))
    causes += [
        unsupported("spec.accessModes", mode, _MODES) for mode in spec.get("accessModes") or () if mode not in _MODES
    ]
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        causes.append(required("spec.resources[storage]"))
    elif parse(asked) <= 0:
        causes.append(invalid_value("spec.resources[storage]", asked, "must be greater than zero"))
    name = spec.get("storageClassName")
    if name and not is_subdomain(name):
        causes.append(invalid_value("spec.storageClassName", name, "must be a DNS subdomain"))
    return causes


def _check_claim_update(obj: Json, old: Json) -> Causes:
    new, before = clone(obj["spec"]), clone(old["spec"])
    asked = ((new.get("resources") or {}).get("requests") or {}).pop("storage", None)
    had = ((before.get("resources") or {}).get("requests") or {}).pop("storage", None)
    for field in ("volumeName", "volumeAttributesClassName"):
        if not before.get(field):
            new.pop(field, None)  # binding a claim is the one change allowed
        before.pop(field, None) if field not in new else None
    if new != before:
        return [forbidden_field("spec", _CLAIM_RULE)]
    if asked is not None and had is not None and parse(asked) < parse(had):
        field = "spec.resources.requests.storage"
        return [forbidden_field(field, "field can not be less than status.capacity")]
    if asked != had and old.get("status", {}).get("phase") != "Bound":
        return [forbidden_field("spec", _CLAIM_RULE)]
    return []


def _default_volume(obj: Json) -> None:
    default_all(obj.setdefault("spec", {}), (("volumeMode", "Filesystem"), ("persistentVolumeReclaimPolicy", "Retain")))


def _check_quota(obj: Json) -> Causes:
    hard = (obj.get("spec") or {}).get("hard") or {}
    return [
        invalid_value(f"spec.hard[{name}]", amount, "must be greater than or equal to 0")
        for name, amount in hard.items()
        if parse(amount) < 0
    ]


def _default_limits(obj: Json) -> None:
    for limit in (obj.setdefault("spec", {})).get("limits") or ():
        if limit.get("type") != "Container":
            continue
        for field, source in (("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")):
            for name, amount in (limit.get(source) or {}).items():
                limit.setdefault(field, {}).setdefault(name, amount)


def _check_limits(obj: Json) -> Causes:
    causes: Causes = []
    for index, limit in enumerate((obj.get("spec") or {}).get("limits") or ()):
        for name, low in (limit.get("min") or {}).items():
            high = (limit.get("max") or {}).get(name)
            if high is not None and parse(low) > parse(high):
                field = f"spec.limits[{index}].min[{name}]"
                causes.append(invalid_value(field, low, f"min value {low} is greater than max value {high}"))
    return causes


def _default_endpoints(obj: Json) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


CORE: dict[str, Kind] = {
    "/namespaces": Kind(
        default=_default_namespace,
        prepare_create=_create_namespace,
        prepare_update=_update_namespace,
        name_rule=label_problems,
        has_status=True,
        initial_status={"phase": "Active"},
        skeleton={"spec": {}, "status": {}},
    ),
    "/pods": Kind(
        default=default_pod,
        prepare_create=_create_pod,
        check=_check_pod,
        check_update=check_pod_update,
        has_generation=True,
        has_status=True,
        graceful=True,
        returns_deleted=True,
        skeleton={"spec": {"containers": None}, "status": {}},
    ),
    "/secrets": Kind(default=_default_secret, check=_check_secret, check_update=_check_secret_update),
    "/configmaps": Kind(check=_check_config_map, check_update=_check_immutable),
    "/persistentvolumeclaims": Kind(
        default=_default_claim,
        check=_check_claim,
        check_update=_check_claim_update,
        has_status=True,
        initial_status={"phase": "Pending"},
        returns_deleted=True,
        skeleton={"spec": {"resources": {}}, "status": {}},
    ),
    "/persistentvolumes": Kind(
        default=_default_volume,
        has_status=True,
        initial_status={"phase": "Pending"},
        returns_deleted=True,
        skeleton={"spec": {}, "status": {}},
    ),
    "/nodes": Kind(has_status=True, initial_status={}, skeleton={"spec": {}, "status": {}}),
    "/serviceaccounts": Kind(returns_deleted=True),
    "/resourcequotas": Kind(
        check=_check_quota,
        has_status=True,
        initial_status={},
        returns_deleted=True,
        create_on_update=True,
        skeleton={"spec": {}, "status": {}},
    ),
    "/limitranges": Kind(default=_default_limits, check=_check_limits, create_on_update=True),
    "/endpoints": Kind(default=_default_endpoints, create_on_update=True),
    "/podtemplates": Kind(has_generation=True, returns_deleted=True),
    "/events": Kind(),
}
