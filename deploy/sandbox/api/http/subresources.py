"""Subresources: status, scale, eviction, binding, finalize, token and logs."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..access.tokens import AccountTokens, granted
from ..errors import ApiError, bad_request, conflict, no_such_path, not_found, unsupported_media_type
from ..jsontypes import Json, clone, dig
from ..resources import Resource
from ..scale import scale_of
from ..views import outward
from . import media
from .media import answer, negotiate, read_body
from .parameters import delete_options, log_options, write_options
from .paths import ApiPath

if TYPE_CHECKING:
    from ..registry import Registry
    from .handlers import Logs

_NOT_HERE = {"exec", "attach", "portforward", "proxy"}


class Subresources:
    """Answers requests for a part of an object."""

    def __init__(self, registry: "Registry", logs: "Logs | None", tokens: AccountTokens) -> None:
        self._registry = registry
        self._logs = logs
        self._tokens = tokens

    async def handle(self, request: web.Request, resource: Resource, path: ApiPath) -> web.StreamResponse:
        """The answer; raises ApiError."""
        name = path.subresource
        if resource.key == "/pods" and name in _NOT_HERE:
            raise ApiError(501, "NotImplemented", f"the sandbox does not serve {name} of pods")
        if name not in resource.subresources:
            raise no_such_path()
        if name in {"status", "scale"}:
            return await self._status_or_scale(request, resource, path)
        if name == "log" and request.method == "GET":
            return await self._log(request, path)
        if name == "eviction" and request.method == "POST":
            return await self._evict(request, resource, path)
        if name == "binding" and request.method == "POST":
            return await self._bind(request, resource, path)
        if name == "token" and request.method == "POST":
            return await self._token(request, resource, path)
        if name == "finalize" and request.method == "PUT":
            return await self._finalize(request, resource, path)
        raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})

    async def _status_or_scale(self, request: web.Request, resource: Resource, path: ApiPath) -> web.StreamResponse:
        negotiate(request)
        if request.method == "GET":
            return answer(request, self._shown(resource, path.subresource, self._read(resource, path)))
        if request.method not in {"PUT", "PATCH"}:
            raise ApiError(
                405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
            )
        body, media_type = await read_body(request)
        agent = request.headers.get("User-Agent", "")
        if request.method == "PUT":
            options = write_options(request.query, agent, "update")
            obj = self._registry.update(
                resource, path.namespace, path.name, _mapping(body), subresource=path.subresource, options=options
            )
        else:
            patch_type = media.PATCHES.get(media_type, "")
            if not patch_type or (patch_type == "strategic" and resource.custom):
                raise unsupported_media_type(media.PATCHES)
            options = write_options(request.query, agent, "apply" if patch_type == "apply" else "patch")
            obj = self._registry.patch(
                resource, path.namespace, path.name, body, patch_type, subresource=path.subresource, options=options
            )
        return answer(request, self._shown(resource, path.subresource, obj), warnings=options.warnings)

    def _read(self, resource: Resource, path: ApiPath) -> Json:
        if path.subresource != "scale" or resource.custom:
            return self._registry.get(resource, path.namespace, path.name)
        if self._registry.storage.find(resource.key, path.namespace, path.name) is None:
            # Here, and on no other way to the scale, the built-in kinds name the subresource, too.
            raise not_found(replace(resource, plural=f"{resource.plural}/scale"), path.name)
        return self._registry.get(resource, path.namespace, path.name)

    def _shown(self, resource: Resource, subresource: str, obj: Json) -> Json:
        if subresource == "scale":
            return scale_of(obj, self._registry.customs.scale_paths(resource))
        return outward(resource, obj)

    async def _log(self, request: web.Request, path: ApiPath) -> web.StreamResponse:
        pod = self._registry.entry(self._registry.resource("pods"), path.namespace, path.name).obj
        container = _container(pod, request.query.get("container", ""))
        options = log_options(request.query)
        if self._logs is None:
            raise ApiError(501, "NotImplemented", "no node is attached to this API: there are no logs")
        lines = self._logs(path.namespace or "", path.name, container, options)
        first = await anext(aiter(lines), b"")  # an error must become a Status, so look before answering 200
        response = web.StreamResponse(headers={"Cache-Control": "no-cache, private"})
        response.content_type = "text/plain"
        await response.prepare(request)
        await response.write(first)
        async for chunk in lines:
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _evict(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, _ = await read_body(request)
        sent = _mapping(body)
        self._registry.admission.allow_eviction(self._registry.entry(resource, path.namespace, path.name))
        options = delete_options(request.query, (sent.get("deleteOptions") or None))
        self._registry.delete(resource, path.namespace, path.name, options=options)
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        return answer(request, status, code=201)

    async def _bind(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, _ = await read_body(request)
        node = dig(_mapping(body), "target", "name")
        pod = self._registry.get(resource, path.namespace, path.name)
        if not node:
            raise bad_request("target.name: Required value")
        if pod["spec"].get("nodeName"):
            why = f'pod {path.name} is already assigned to node "{pod["spec"]["nodeName"]}"'
            raise conflict(resource, path.name, why)
        pod["spec"]["nodeName"] = node
        self._registry.update(resource, path.namespace, path.name, pod, field_manager="kube-scheduler")
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        return answer(request, status, code=201)

    async def _token(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, _ = await read_body(request)
        account = self._registry.entry(resource, path.namespace, path.name)
        return answer(request, granted(self._tokens, account, _mapping(body)), code=201)

    async def _finalize(self, request: web.Request, resource: Resource, path: ApiPath) -> web.Response:
        body, _ = await read_body(request)
        namespace = clone(self._registry.entry(resource, None, path.name).obj)
        finalizers = dig(_mapping(body), "spec", "finalizers", default=[])
        return answer(request, self._registry.finalize_namespace(namespace, finalizers))


def _mapping(body: Any) -> Json:
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized")
    return body


def _container(pod: Json, wanted: str) -> str:
    """Whose log is meant; raises 400 when that is not clear."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    main = [container["name"] for container in spec["containers"]]
    initial = [container["name"] for container in spec.get("initContainers") or ()]
    if not wanted:
        annotated = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
        if len(main) == 1 and not initial:
            return str(main[0])
        if annotated not in main:
            listed = f"[{' '.join(main)}]"
            extra = f" or one of the init containers: [{' '.join(initial)}]" if initial else ""
            message = f"a container name must be specified for pod {name}, choose one of: {listed}{extra}"
            raise bad_request(message)
        return str(annotated)
    if wanted not in main + initial:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    return wanted
