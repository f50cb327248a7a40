"""What installed definitions serve: their resources, schemas, columns and rules."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ApiError, Causes, bad_request, invalid_value, no_such_path
from ..jsontypes import Json, dig
from ..kinds.kind import Kind
from ..options import WriteOptions
from ..resources import Resource
from ..scale import ScalePaths
from ..schemas.builtin import OBJECT_META, definitions
from ..schemas.decoding import decode_builtin, report_unknown
from ..schemas.node import Node
from ..storage import Entry
from ..tables.ages import age
from ..tables.column import NAME, Column, Printer
from .definition import version_rank
from .jsonpath import first, plain_path
from .rules import Place, check_rules
from .structural import default, prune
from .validation import check

if TYPE_CHECKING:
    from ..registry import Registry

# After such errors rules are not looked at: what they rely on may be missing.
_BLOCKING = {
    *("FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany"),
    "FieldValueTypeInvalid",
}
_UNCHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)
DEFINITIONS = "apiextensions.k8s.io/customresourcedefinitions"


@dataclass(frozen=True)
class Version:
    """One served version of a custom kind."""

    raw: Json  # the entry of spec.versions
    schema: Node
    storage: str  # apiVersion in which objects are stored
    terminating: bool
    has_rules: bool

    @property
    def has_status(self) -> bool:
        """Whether status is written at its own address only."""
        return dig(self.raw, "subresources", "status") is not None


class Customs:
    """Serves the kinds of installed definitions; follows the storage, so that a definition works at once."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._versions: dict[tuple[str, str, str], Version] = {}
        for entry in registry.storage.shelf(DEFINITIONS).entries.values():
            self._install(entry.obj)
        registry.storage.listen(self._on_change)

    def _on_change(self, kind: str, entry: Entry, before: Entry | None) -> None:
        if entry.resource_key != DEFINITIONS:
            return
        if kind == "DELETED":
            self._remove(entry.obj)
        elif (
            before is None
            or before.obj["spec"] != entry.obj["spec"]
            or _terminating(before.obj) != _terminating(entry.obj)
        ):
            self._install(entry.obj)

    def _remove(self, definition: Json) -> None:
        spec = definition["spec"]
        plural, group = spec["names"]["plural"], spec["group"]
        self._registry.catalog.drop(group, plural)
        for key in [key for key in self._versions if key[0] == group and key[2] == plural]:
            del self._versions[key]

    def _install(self, definition: Json) -> None:
        self._remove(definition)
        spec = definition["spec"]
        storage = next(version["name"] for version in spec["versions"] if version.get("storage"))
        served = [version for version in spec["versions"] if version.get("served")]
        for version in sorted(served, key=lambda item: version_rank(item["name"]), reverse=True):
            resource = _resource(spec, version)
            self._versions[resource.group, resource.version, resource.plural] = Version(
                version,
                _whole_schema(version),
                f"{resource.group}/{storage}",
                _terminating(definition),
                _has_rules(version),
            )
            self._registry.catalog.add(resource)

    def _version(self, resource: Resource) -> Version:
        found = self._versions.get((resource.group, resource.version, resource.plural))
        if found is None:
            raise no_such_path()  # its definition is gone
        return found

    def schema(self, resource: Resource) -> Node:
        """The schema of a whole object, metadata included."""
        return self._version(resource).schema

    def stored_version(self, resource: Resource) -> str:
        """The apiVersion in which objects are stored."""
        return self._version(resource).storage

    def kind(self, resource: Resource) -> Kind:
        """The rules of a custom kind."""
        version = self._version(resource)

        def fill(obj: Json) -> None:
            default(obj, version.schema)

        return Kind(
            default=fill,
            has_generation=True,
            has_status=version.has_status,
            needs_version=True,
        )

    def decode(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Prunes what was sent; metadata must have the right types. Raises 400 or 405."""
        version = self._version(resource)
        if version.terminating:
            message = "create not allowed while custom resource definition is terminating"
            raise ApiError(405, "MethodNotAllowed", message)
        unknown: list[str] = []
        content = {key: value for key, value in obj.items() if key != "metadata"}
        prune(content, version.schema, "", unknown)
        metadata = {"metadata": obj["metadata"]}
        meta_node = Node(
            {"type": "object", "properties": {"metadata": {"$ref": f"#/$defs/{OBJECT_META}"}}}, definitions()
        )
        decode_builtin(resource, metadata, meta_node, options)
        for key in [key for key in obj if key not in content and key != "metadata"]:
            del obj[key]
        report_unknown(resource, unknown, options)

    def check(self, resource: Resource, obj: Json, old: Json | None) -> Causes:
        """What the schema, and then its rules, do not allow."""
        schema = self._version(resource).schema
        causes = check(obj, schema, "")
        if not self._version(resource).has_rules:
            return causes
        if any(cause.reason in _BLOCKING for cause in causes):
            return [*causes, invalid_value("<nil>", None, _UNCHECKED)]
        return causes + check_rules(Place(obj, schema, "", old))

    def published_schema(self, resource: Resource) -> Json:
        """The schema as OpenAPI publishes it."""
        found: Json = dig(self._version(resource).raw, "schema", "openAPIV3Schema", default={})
        return found

    def scale_paths(self, resource: Resource) -> ScalePaths:
        """Where a kind keeps its replicas."""
        if not resource.custom:
            return ScalePaths()
        scale = dig(self._version(resource).raw, "subresources", "scale")
        if scale is None:
            raise bad_request(f"{resource.qualified} has no scale")
        selector = scale.get("labelSelectorPath")
        return ScalePaths(
            plain_path(scale["specReplicasPath"]),
            plain_path(scale["statusReplicasPath"]),
            plain_path(selector) if selector else (),
        )

    def selectable(self, resource: Resource) -> tuple[str, ...]:
        """The paths of fields that field selectors may name."""
        fields = self._version(resource).raw.get("selectableFields") or ()
        return tuple(field["jsonPath"].lstrip(".") for field in fields)

    def printer(self, resource: Resource) -> Printer:
        """The columns of the definition; the age when it names none."""
        listed = self._version(resource).raw.get("additionalPrinterColumns")
        if not listed:
            listed = [{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]

        def row(obj: Json) -> list[Any]:
            return [obj["metadata"]["name"], *(_cell(column, obj) for column in listed)]

        return Printer((NAME, *(_column(column) for column in listed)), row)


def _has_rules(schema: Any) -> bool:
    """Whether a schema has validation rules anywhere."""
    if isinstance(schema, list):
        return any(_has_rules(item) for item in schema)
    if not isinstance(schema, dict):
        return False
    return bool(schema.get("x-kubernetes-validations")) or any(_has_rules(item) for item in schema.values())


def _terminating(definition: Json) -> bool:
    return bool(definition["metadata"].get("deletionTimestamp"))


def _resource(spec: Json, version: Json) -> Resource:
    names, subresources = spec["names"], version.get("subresources") or {}
    return Resource(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        singular=names.get("singular", ""),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(name for name in ("scale", "status") if subresources.get(name) is not None),
        custom=True,
    )


def _whole_schema(version: Json) -> Node:
    raw = dict(version["schema"]["openAPIV3Schema"])
    own = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": f"#/$defs/{OBJECT_META}"},
    }
    raw["properties"] = dict(raw.get("properties") or {}) | own
    return Node(raw, definitions(), structural=True)


def _column(column: Json) -> Column:
    return Column(
        column["name"],
        column["type"],
        column.get("priority", 0),
        column.get("format", ""),
        column.get("description", "")
        or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}",
    )


def _cell(column: Json, obj: Json) -> Any:
    value = first(column["jsonPath"], obj)
    if value is None:
        return None
    if column["type"] == "date":
        return age(str(value))
    if column["type"] == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
