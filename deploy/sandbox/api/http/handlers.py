"""The verbs on resources and objects, from request to answer."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..access.attributes import of_resource
from ..access.escalation import review_of
from ..access.gate import Gate
from ..access.reviews import reviewed
from ..errors import ApiError, bad_request, no_such_path, unsupported_media_type
from ..jsontypes import Json
from ..listing import Paging, Selection, check_version
from ..options import LogOptions, WriteOptions
from ..resources import Resource
from ..storage import Entry
from ..tables.render import TABLE, Form, render_entries, render_partial
from ..views import outward, raw
from . import media
from .media import Accepted, answer, negotiate, read_body
from .parameters import bad_list_option, delete_options, is_true, whole_number, write_options
from .paths import ApiPath
from .subresources import Subresources
from .watches import stream_watch

if TYPE_CHECKING:
    from ..registry import Registry

Logs = Callable[[str, str, str, LogOptions], AsyncIterator[bytes]]

CONVERSIONS = frozenset(
    (kind, "meta.k8s.io", version)
    for kind in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
    for version in ("v1", "v1beta1")
)


class Handlers:
    """Answers requests below /api/v1 and /apis/group/version."""

    def __init__(self, registry: "Registry", logs: Logs | None, gate: Gate) -> None:
        self._registry = registry
        self._gate = gate
        self._subresources = Subresources(registry, logs, gate.tokens)

    async def handle(self, request: web.Request, path: ApiPath) -> web.StreamResponse:
        """The answer to any verb; raises ApiError."""
        resource = self._registry.catalog.find(path.group, path.version, path.plural)
        if resource.namespaced and path.name and not path.namespace:
            raise method_on_path_not_allowed()
        if not resource.namespaced and path.namespace is not None:
            raise no_such_path()
        if path.subresource:
            return await self._subresources.handle(request, resource, path)
        if path.name:
            return await self._object(request, resource, path)
        return await self._collection(request, resource, path.namespace)

    async def _collection(self, request: web.Request, resource: Resource, namespace: str | None) -> web.StreamResponse:
        verb = {"GET": "list", "HEAD": "list", "POST": "create", "DELETE": "deletecollection"}.get(request.method)
        if verb is None or verb not in resource.verbs:
            raise method_on_path_not_allowed()
        if verb == "create":
            return await self._create(request, resource, namespace)
        if verb == "deletecollection":
            return await self._delete_collection(request, resource, namespace)
        accepted = negotiate(request, CONVERSIONS)
        selection = self._selection(request, resource, namespace)
        if is_true(request.query, "watch"):
            return await stream_watch(self._registry, request, selection, accepted)
        return self._list(request, selection, accepted)

    def _selection(self, request: web.Request, resource: Resource, namespace: str | None) -> Selection:
        query = request.query
        return self._registry.selection(
            resource, namespace, query.get("labelSelector", ""), query.get("fieldSelector", "")
        )

    def _list(self, request: web.Request, selection: Selection, accepted: Accepted) -> web.Response:
        query = request.query
        version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
        token = query.get("continue", "")
        _check_match(version, match, token)
        if version and version != "0" and not token:
            check_version(version, self._registry.storage.revision)
        exact = int(version) if match == "Exact" else None
        page = self._registry.page(selection, Paging(whole_number(query, "limit") or 0, token, exact))
        meta: Json = {"resourceVersion": str(page.revision)}
        if page.continue_token:
            meta["continue"] = page.continue_token
        if page.remaining is not None:
            meta["remainingItemCount"] = page.remaining
        return answer(
            request, render_entries(self._registry, selection.resource, page.entries, meta, _form(accepted, query))
        )

    async def _create(self, request: web.Request, resource: Resource, namespace: str | None) -> web.Response:
        if resource.namespaced and namespace is None:
            raise method_on_path_not_allowed()
        negotiate(request, CONVERSIONS)
        body, _ = await read_body(request)
        options = self._options(request, resource, "create")
        if resource.verbs == ("create",):
            user = self._gate.user_of(request)
            review = reviewed(self._gate.authorizer, resource, namespace, _object_of(body), user)
            return answer(request, review, code=201)
        made = self._registry.create(resource, namespace, _object_of(body), options=options)
        return self._one(request, resource, made, 201, options)

    async def _delete_collection(self, request: web.Request, resource: Resource, namespace: str | None) -> web.Response:
        if resource.namespaced and namespace is None:
            raise method_on_path_not_allowed()
        body, _ = await read_body(request)
        options = delete_options(request.query, body)
        selection = self._selection(request, resource, namespace)
        entries = self._registry.page(selection).entries
        for entry in entries:
            try:
                meta = entry.obj["metadata"]
                self._registry.delete(resource, meta.get("namespace"), meta["name"], options=options)
            except ApiError as error:
                if error.code != HTTPStatus.NOT_FOUND:
                    raise
        accepted = negotiate(request)
        meta = {"resourceVersion": str(self._registry.storage.revision)}
        return answer(request, render_entries(self._registry, resource, entries, meta, _form(accepted, request.query)))

    async def _object(self, request: web.Request, resource: Resource, path: ApiPath) -> web.StreamResponse:
        verbs = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
        verb = verbs.get(request.method)
        if verb is None or verb not in resource.verbs:
            raise method_on_path_not_allowed()
        accepted = negotiate(request, CONVERSIONS)
        if verb == "get":
            return self._get(request, resource, path, accepted)
        if verb == "delete":
            return await self._delete(request, resource, path)
        if verb == "update":
            return await self._update(request, resource, path)
        return await self._patch(request, resource, path)

    def _get(self, request: web.Request, resource: Resource, path: ApiPath, accepted: Accepted) -> web.Response:
        entry = self._registry.entry(resource, path.namespace, path.name)
        return answer(request, self._shown(resource, entry, accepted, request))

    def _shown(self, resource: Resource, entry: Entry, accepted: Accepted, request: web.Request) -> Json | bytes:
        if accepted.kind == TABLE:
            meta = {"resourceVersion": entry.obj["metadata"]["resourceVersion"]}
            return render_entries(self._registry, resource, [entry], meta, _form(accepted, request.query))
        if accepted.kind:
            return render_partial(entry, accepted)
        return raw(resource, entry)

    async def _update(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, _ = await read_body(request)
        options = self._options(request, resource, "update")
        existed = self._exists(resource, path)
        if not existed and self._registry.kind_of(resource).create_on_update:
            self._demand_create(request, path)
        made = self._registry.update(resource, path.namespace, path.name, _object_of(body), options=options)
        return self._one(request, resource, made, 200 if existed else 201, options)

    async def _patch(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, media_type = await read_body(request)
        patch_type = media.PATCHES.get(media_type, "")
        if not patch_type or (resource.custom and patch_type == "strategic"):
            raise unsupported_media_type(
                name for name, kind in media.PATCHES.items() if not (resource.custom and kind == "strategic")
            )
        verb = "apply" if patch_type == "apply" else "patch"
        options = self._options(request, resource, verb)
        existed = self._exists(resource, path)
        if not existed and verb == "apply":
            self._demand_create(request, path)
        made = self._registry.patch(resource, path.namespace, path.name, body, patch_type, options=options)
        return self._one(request, resource, made, 200 if existed else 201, options)

    def _exists(self, resource: Resource, path: ApiPath) -> bool:
        return self._registry.storage.find(resource.key, path.namespace, path.name) is not None

    def _demand_create(self, request: web.Request, path: ApiPath) -> None:
        """Who makes what isn't there by an update or an apply must be allowed to create it, too."""
        self._gate.demand(request, replace(of_resource(request.method, path, request.query), verb="create"))

    def _options(self, request: web.Request, resource: Resource, verb: str) -> WriteOptions:
        options = write_options(request.query, request.headers.get("User-Agent", ""), verb)
        review = review_of(self._gate.authorizer, self._gate.user_of(request), resource)
        return options if review is None else replace(options, review=review)

    def _one(
        self, request: web.Request, resource: Resource, obj: Json, code: int, options: WriteOptions
    ) -> web.Response:
        accepted = negotiate(request, CONVERSIONS)
        body: Json | bytes = outward(resource, obj)
        if accepted.kind == TABLE:
            revision = int(obj["metadata"].get("resourceVersion") or 0)
            entry = Entry(resource.key, obj["metadata"]["name"], obj, revision)
            meta = {"resourceVersion": str(revision)}
            body = render_entries(self._registry, resource, [entry], meta, _form(accepted, request.query))
        return answer(request, body, code=code, warnings=options.warnings)

    async def _delete(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, _ = await read_body(request)
        options = delete_options(request.query, body)
        obj, gone = self._registry.delete_or_begin(resource, path.namespace, path.name, options)
        if not gone or self._registry.kind_of(resource).returns_deleted:
            return answer(request, outward(resource, obj))
        details = {"name": path.name, "group": resource.group, "kind": resource.plural, "uid": obj["metadata"]["uid"]}
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {key: value for key, value in details.items() if value},
        }
        return answer(request, status)


def _form(accepted: Accepted, query: Mapping[str, str]) -> Form:
    return Form(accepted, query.get("includeObject", "Metadata"))


def _object_of(body: Any) -> Json:
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be an object with apiVersion and kind)")
    return body


def _check_match(version: str, match: str, token: str) -> None:
    field = "resourceVersionMatch"
    if match and match not in {"Exact", "NotOlderThan"}:
        raise bad_list_option(field, match, "")
    if match and not version:
        raise bad_list_option(field, "", f"{field} is forbidden unless resourceVersion is provided")
    if match and token:
        raise bad_list_option(field, "", f"{field} is forbidden when continue is provided")
    if token and version not in {"", "0"}:
        raise bad_request("specifying resource version is not allowed when using continue")
    if match == "Exact" and version == "0":
        raise bad_list_option(field, "", f'{field} "exact" is forbidden for resourceVersion "0"')


def method_on_path_not_allowed() -> ApiError:
    """405, in the words of a path that has no such method."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})
