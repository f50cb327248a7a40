"""The rules of CustomResourceDefinition objects themselves."""

import re

from ..errors import Cause, Causes, forbidden_field, invalid_value, required, unsupported
from ..jsontypes import Json
from ..kinds.kind import Kind
from ..metadata import is_subdomain, label_problems, now
from .jsonpath import plain_path, steps_of
from .rules import rule_problems
from .structural import misplaced_keyword

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_COLUMN_TYPES = ("integer", "number", "string", "boolean", "date")
_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


def version_rank(name: str) -> tuple[int, int, int, str]:
    """By which versions are ordered, the most mature and newest last."""
    match = _VERSION.fullmatch(name)
    if match is None:
        return (0, 0, 0, name)
    stability = {None: 3, "beta": 2, "alpha": 1}[match[2]]
    return (stability, int(match[1]), int(match[3] or 0), "")


def _default(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("conversion", {"strategy": "None"})
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")


def _create(obj: Json) -> None:
    """Names are accepted at once: one process serves all resources, so nothing has to be propagated."""
    spec, time = obj["spec"], now()
    stored = [version["name"] for version in spec.get("versions") or () if version.get("storage")]
    accepted = [
        {
            "type": "NamesAccepted",
            "status": "True",
            "lastTransitionTime": time,
            "reason": "NoConflicts",
            "message": "no conflicts found",
        },
        {
            "type": "Established",
            "status": "True",
            "lastTransitionTime": time,
            "reason": "InitialNamesAccepted",
            "message": "the initial names have been accepted",
        },
    ]
    obj["status"] = {"conditions": accepted, "acceptedNames": spec["names"], "storedVersions": stored}


def _update(obj: Json, old: Json) -> None:
    status = dict(old.get("status") or {})
    status["acceptedNames"] = obj["spec"]["names"]
    stored = list(status.get("storedVersions") or ())
    current = [version["name"] for version in obj["spec"].get("versions") or () if version.get("storage")]
    status["storedVersions"] = stored + [name for name in current if name not in stored]
    obj["status"] = status


def _check(obj: Json) -> Causes:
    spec, causes = obj["spec"], list[Cause]()
    names, group = spec["names"], spec.get("group") or ""
    for field in ("plural", "kind"):
        if not names.get(field):
            causes.append(required(f"spec.names.{field}"))
    if not is_subdomain(group) or "." not in group:
        causes.append(invalid_value("spec.group", group, "should be a domain with at least one dot"))
    wanted = f"{names.get('plural', '')}.{group}"
    if obj["metadata"].get("name") != wanted:
        detail = 'must be spec.names.plural+"."+spec.group'
        causes.append(invalid_value("metadata.name", obj["metadata"].get("name"), detail))
    for name in (names.get("plural"), names.get("singular"), *(names.get("shortNames") or ())):
        causes += [invalid_value("spec.names", name, problem) for problem in label_problems(name or "x")]
    if spec.get("scope") not in {"Cluster", "Namespaced"}:
        causes.append(unsupported("spec.scope", spec.get("scope") or "", ("Cluster", "Namespaced")))
    if spec["conversion"].get("strategy") != "None":
        detail = "the sandbox converts between versions only by changing apiVersion (strategy None)"
        causes.append(invalid_value("spec.conversion.strategy", spec["conversion"].get("strategy"), detail))
    return causes + _check_versions(spec.get("versions") or [])


def _check_versions(versions: list[Json]) -> Causes:
    causes: Causes = []
    if not versions:
        causes.append(required("spec.versions", "must have at least one version"))
    if versions and sum(bool(version.get("storage")) for version in versions) != 1:
        names = [version.get("name") for version in versions]
        causes.append(invalid_value("spec.versions", names, "must have exactly one version marked as storage version"))
    for index, version in enumerate(versions):
        causes += _check_version(version, f"spec.versions[{index}]")
    return causes


def _check_version(version: Json, path: str) -> Causes:
    causes: Causes = []
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        return [required(f"{path}.schema.openAPIV3Schema")]
    where = f"{path}.schema.openAPIV3Schema"
    if schema.get("type") != "object":
        causes.append(invalid_value(f"{where}.type", schema.get("type") or "", "must be object at the root"))
    misplaced = misplaced_keyword(schema, where)
    if misplaced:
        return [*causes, required(*misplaced)]
    causes += rule_problems(schema, where)
    for number, column in enumerate(version.get("additionalPrinterColumns") or ()):
        causes += _check_column(column, f"{path}.additionalPrinterColumns[{number}]")
    scale = (version.get("subresources") or {}).get("scale") or {}
    for field in ("specReplicasPath", "statusReplicasPath", "labelSelectorPath"):
        causes += _check_path(scale.get(field), f"{path}.subresources.scale.{field}")
    for number, field in enumerate(version.get("selectableFields") or ()):
        causes += _check_path(field.get("jsonPath"), f"{path}.selectableFields[{number}].jsonPath")
    return causes


def _check_column(column: Json, path: str) -> Causes:
    causes: Causes = [] if column.get("name") else [required(f"{path}.name")]
    if column.get("type") not in _COLUMN_TYPES:
        causes.append(unsupported(f"{path}.type", column.get("type") or "", _COLUMN_TYPES))
    try:
        if not column.get("jsonPath"):
            causes.append(required(f"{path}.jsonPath"))
        else:
            steps_of(column["jsonPath"])
    except ValueError as error:
        causes.append(invalid_value(f"{path}.jsonPath", column["jsonPath"], str(error)))
    return causes


def _check_path(path: str | None, field: str) -> Causes:
    try:
        if path:
            plain_path(path)
    except ValueError as error:
        return [invalid_value(field, path, str(error))]
    return []


def _check_update(obj: Json, old: Json) -> Causes:
    causes: Causes = []
    for path in (("scope",), ("group",), ("names", "plural"), ("names", "kind")):
        new, before = obj["spec"], old["spec"]
        for part in path:
            new, before = (new or {}).get(part), (before or {}).get(part)
        if new != before:
            causes.append(invalid_value(f"spec.{'.'.join(path)}", new, "field is immutable"))
    served = {version["name"] for version in obj["spec"].get("versions") or ()}
    for name in (old.get("status") or {}).get("storedVersions") or ():
        if name not in served:
            field = f"status.storedVersions[{name}]"
            causes.append(forbidden_field(field, "must appear in spec.versions"))
    return causes


DEFINITION = Kind(
    default=_default,
    prepare_create=_create,
    prepare_update=_update,
    check=_check,
    check_update=_check_update,
    has_generation=True,
    has_status=True,
    skeleton={"spec": {"names": {}}, "status": {}},
)
