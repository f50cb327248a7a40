"""The stand-in as a web application."""

import logging
from typing import TYPE_CHECKING

from aiohttp import web

from .access.gate import EVERYTHING, AccessSettings, Gate
from .errors import ApiError
from .http import discovery
from .http.handlers import Handlers, Logs
from .http.media import answer, negotiate
from .http.openapi import OpenApi
from .http.paths import parse_path
from .http.watches import OPEN_WATCHES
from .jsontypes import Json
from .watching import Watch

if TYPE_CHECKING:
    from .registry import Registry

log = logging.getLogger("sandbox.api")

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0+sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-04-22T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
}
_HEALTH = {"/healthz", "/readyz", "/livez"}


def make_app(registry: "Registry", logs: Logs | None = None, access: AccessSettings = EVERYTHING) -> web.Application:
    """The API of a registry; ``logs`` yields the bytes of a container's log. Raises TokenFileError."""
    gate = Gate(registry, access)
    server = _Server(registry, logs, gate)
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app[OPEN_WATCHES] = set[Watch]()
    app.on_shutdown.append(_end_watches)
    gate.install(app)
    app.router.add_route("*", "/{path:.*}", server.handle)
    return app


async def _end_watches(app: web.Application) -> None:
    """Watches never end by themselves, and a server that stops must not wait for them."""
    open_watches: set[Watch] = app[OPEN_WATCHES]
    for watch in list(open_watches):
        watch.close()


class _Server:
    def __init__(self, registry: "Registry", logs: Logs | None, gate: Gate) -> None:
        self._registry = registry
        self._gate = gate
        self._handlers = Handlers(registry, logs, gate)
        self._openapi = OpenApi(registry)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request; refusals become Status objects."""
        try:
            return await self._route(request)
        except ApiError as error:
            return answer(request, error.status(), code=error.code)
        except (ConnectionError, web.HTTPException):
            raise
        except Exception as error:  # a bug here must reach the client as a 500, as from a real server
            log.exception("%s %s failed", request.method, request.path_qs)
            failure = ApiError(500, "InternalError", f"Internal error occurred: {error!r}")
            return answer(request, failure.status(), code=500)

    async def _route(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/") or "/"
        address = parse_path(path)
        self._gate.admit(request, address)
        if address is not None:
            return await self._handlers.handle(request, address)
        if path in _HEALTH or path.rpartition("/")[0] in _HEALTH:
            return web.Response(text="ok")
        if path == "/version":
            return answer(request, dict(VERSION))
        if path.startswith("/openapi"):
            return self._openapi.answer(request, path)
        return self._discover(request, path)

    def _discover(self, request: web.Request, path: str) -> web.Response:
        catalog, parts = self._registry.catalog, path.strip("/").split("/")
        document: Json | None = None
        if path in {"/api", "/apis"}:
            return self._root(request, core=path == "/api")
        if path == "/":
            return answer(request, {"paths": self._paths()})
        if parts == ["api", "v1"]:
            document = discovery.resource_list(catalog, "", "v1")
        elif parts[0] == "apis" and len(parts) == 3:  # noqa: PLR2004 - /apis/group/version
            document = discovery.resource_list(catalog, parts[1], parts[2])
        elif parts[0] == "apis" and len(parts) == 2 and discovery.versions_of(catalog, parts[1]):  # noqa: PLR2004
            document = {"kind": "APIGroup", "apiVersion": "v1"} | discovery.group_of(catalog, parts[1])
        if document is None:
            return web.Response(status=404, text="404 page not found\n")
        return answer(request, document)

    def _root(self, request: web.Request, *, core: bool) -> web.Response:
        accepted = negotiate(request, discovery.AGGREGATED)
        if accepted.kind:
            document = discovery.aggregated(self._registry.catalog, accepted, core=core)
            response = answer(request, document)
            form = f"g={accepted.group};v={accepted.version};as={accepted.kind}"
            response.headers["Content-Type"] = f"application/json;{form}"
            response.headers["ETag"] = discovery.etag(document)
            response.headers["Vary"] = "Accept"
            return response
        if core:
            host = request.host
            addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}]
            versions = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}
            return answer(request, versions)
        return answer(request, discovery.group_list(self._registry.catalog))

    def _paths(self) -> list[str]:
        catalog = self._registry.catalog
        found = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
        for group in filter(None, discovery.groups_of(catalog)):
            found.append(f"/apis/{group}")
            found += [f"/apis/{group}/{version}" for version in discovery.versions_of(catalog, group)]
        return sorted(found)
