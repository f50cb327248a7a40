"""OpenAPI documents, made from the schemas in use: what kubectl explains, and asks before it validates."""

import hashlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..errors import no_such_path
from ..jsontypes import Json, encode
from ..resources import Resource
from ..schemas.builtin import OBJECT_META, VERSION, definition_name, definitions
from .media import answer

if TYPE_CHECKING:
    from ..registry import Registry

_QUERY = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
_PATCH_TYPES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
# kubectl reads version 2 only as protobuf, and only for kinds that version 3 does not have: a document that
# names no kind is the whole truth about those, and lets kubectl go on to its own error.
_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_EMPTY_V2 = b"\x0a\x032.0\x12\x0e\x0a\x0aKubernetes\x12\x00"
_SOURCE_REF = "#/$defs/"


class OpenApi:
    """Serves /openapi/v2 and /openapi/v3; documents are made when asked for and kept until a CRD changes."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._made: dict[str, bytes] = {}
        self._generation = -1

    def answer(self, request: web.Request, path: str) -> web.Response:
        """The document at a path; raises 404 when there is none."""
        if path == "/openapi/v2" and _V2_PROTOBUF in request.headers.get("Accept", ""):
            return web.Response(body=_EMPTY_V2, content_type=_V2_PROTOBUF.replace("@", "."))
        catalog = self._registry.catalog
        if self._generation != catalog.generation:
            self._made.clear()
            self._generation = catalog.generation
        if path not in self._made:
            self._made[path] = encode(self._make(path))
        response = answer(request, self._made[path])
        response.headers["ETag"] = f'"{hashlib.sha256(self._made[path]).hexdigest().upper()}"'
        return response

    def _make(self, path: str) -> Json:
        if path == "/openapi/v2":
            return self._version_2()
        if path == "/openapi/v3":
            return self._index()
        for address, resources in self._versions().items():
            if path == f"/openapi/v3/{address}":
                return self._version_3(resources)
        raise no_such_path()

    def _versions(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self._registry.catalog:
            prefix = f"apis/{resource.group}" if resource.group else "api"
            found.setdefault(f"{prefix}/{resource.version}", []).append(resource)
        return found

    def _index(self) -> Json:
        paths: Json = {}
        for address, resources in self._versions().items():
            seed: list[Any] = [VERSION, address, [resource.plural for resource in resources]]
            if any(resource.custom for resource in resources):
                seed.append(self._generation)
            digest = hashlib.sha256(encode(seed)).hexdigest().upper()
            paths[address] = {"serverRelativeURL": f"/openapi/v3/{address}?hash={digest}"}
        return {"paths": paths}

    def _version_3(self, resources: list[Resource]) -> Json:
        schemas = self._schemas(resources, "#/components/schemas/", siblings=False)
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": f"v{VERSION}"},
            "paths": {key: value for resource in resources for key, value in _paths(resource, version=3).items()},
            "components": {"schemas": schemas},
        }

    def _version_2(self) -> Json:
        resources = list(self._registry.catalog)
        return {
            "swagger": "2.0",
            "info": {"title": "Kubernetes", "version": f"v{VERSION}"},
            "paths": {key: value for resource in resources for key, value in _paths(resource, version=2).items()},
            "definitions": self._schemas(resources, "#/definitions/", siblings=True),
        }

    def _schemas(self, resources: list[Resource], prefix: str, *, siblings: bool) -> Json:
        """The schemas of these kinds and everything they refer to."""
        wanted, found = [OBJECT_META, _DELETE_OPTIONS], dict[str, Any]()
        for resource in resources:
            name = definition_name(resource.group, resource.version, resource.kind)
            if resource.custom:
                found.update(self._custom(resource, prefix))
            elif name:
                listed = definition_name(resource.group, resource.version, resource.list_kind)
                wanted += [name, listed] if listed else [name]
        while wanted:
            name = wanted.pop()
            if name not in found:
                found[name] = _published(definitions()[name], prefix, wanted, siblings=siblings)
        return found

    def _custom(self, resource: Resource, prefix: str) -> Json:
        schema: Json = dict(self._registry.customs.published_schema(resource))
        properties = dict(schema.get("properties") or {})
        properties["apiVersion"] = {"type": "string"}
        properties["kind"] = {"type": "string"}
        properties["metadata"] = {"allOf": [{"$ref": prefix + OBJECT_META}]}
        schema["properties"] = properties
        schema["x-kubernetes-group-version-kind"] = [_gvk(resource)]
        reverse = ".".join(reversed(resource.group.split(".")))
        return {f"{reverse}.{resource.version}.{resource.kind}": schema}


def _gvk(resource: Resource) -> Json:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _published(raw: Any, prefix: str, wanted: list[str], *, siblings: bool) -> Any:
    """A definition in the form of the OpenAPI document; referenced names are added to ``wanted``."""
    if isinstance(raw, list):
        return [_published(item, prefix, wanted, siblings=siblings) for item in raw]
    if not isinstance(raw, dict):
        return raw
    shown: Json = {}
    for key, value in raw.items():
        if key == "type" and isinstance(value, list):
            shown[key] = next(item for item in value if item != "null")
        elif key == "properties":
            shown[key] = {name: _published(item, prefix, wanted, siblings=siblings) for name, item in value.items()}
        elif key == "$ref" and isinstance(value, str):
            name = value.removeprefix(_SOURCE_REF)
            wanted.append(name)
            shown[key] = prefix + name
        elif key == "enum" and len(value) == 1:
            continue  # apiVersion and kind: the published schema says nothing of their values
        else:
            shown[key] = _published(value, prefix, wanted, siblings=siblings)
    if "$ref" in shown and len(shown) > 1 and not siblings:
        shown = {"allOf": [{"$ref": shown.pop("$ref")}], "default": {}, **shown}
    if "oneOf" in shown:
        shown = {key: value for key, value in shown.items() if key != "oneOf"} | {"type": "string"}
        if not siblings:
            shown["x-kubernetes-int-or-string"] = True
    return shown


def _paths(resource: Resource, *, version: int) -> Json:
    """The operations of a resource, as far as clients look at them."""
    base = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    if resource.namespaced:
        base += "/namespaces/{namespace}"
    paths: Json = {f"{base}/{resource.plural}": {}}
    collection = paths[f"{base}/{resource.plural}"]
    if "list" in resource.verbs:
        collection["get"] = _operation(resource, "list", (), version)
    if "create" in resource.verbs:
        collection["post"] = _operation(resource, "post", ("dryRun", "fieldManager", "fieldValidation"), version)
    if "get" not in resource.verbs:
        return paths
    item = paths[f"{base}/{resource.plural}/{{name}}"] = {}
    item["get"] = _operation(resource, "get", (), version)
    item["put"] = _operation(resource, "put", ("dryRun", "fieldManager", "fieldValidation"), version)
    item["patch"] = _operation(resource, "patch", _QUERY, version)
    item["delete"] = _operation(resource, "delete", ("dryRun",), version)
    return paths


def _operation(resource: Resource, action: str, query: tuple[str, ...], version: int) -> Json:
    kind: Json = {"schema": {"type": "string"}} if version == 3 else {"type": "string"}  # noqa: PLR2004
    operation: Json = {
        "operationId": f"{action}{resource.group.title().replace('.', '')}{resource.version.title()}{resource.kind}",
        "parameters": [{"name": name, "in": "query", "uniqueItems": True} | kind for name in query],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(resource),
    }
    if version == 3:  # noqa: PLR2004
        for parameter in operation["parameters"]:
            parameter.pop("uniqueItems")
    if action == "patch":
        if version == 3:  # noqa: PLR2004
            operation["requestBody"] = {"content": {name: {"schema": {"type": "object"}} for name in _PATCH_TYPES}}
        else:
            operation["consumes"] = list(_PATCH_TYPES)
    return operation
