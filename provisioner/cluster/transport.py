"""HTTP to the API server by the official client: connection, login, timeouts, counting, errors. Raw JSON both ways.

The only module that imports `kubernetes`, and only when the first request is made: the import costs 1.3 s, and a
client made before a fork would share its sockets with the parent.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from prometheus_client import Counter

from config import tracing
from config.version import VERSION
from provisioner.cluster.errors import NotFound, Unavailable, Unconfigured, status_error
from provisioner.cluster.kinds import Kind, Manifest

if TYPE_CHECKING:
    from kubernetes.client.api_client import ApiClient
    from urllib3.response import BaseHTTPResponse

CONNECT_TIMEOUT = 3.05
"""Seconds. Just above three, the first retransmission of a lost SYN packet."""

READ_TIMEOUT = 10.0
"""Seconds between two bytes of an answer."""

REQUESTS = Counter(
    "store_platform_cluster_requests_total",
    "Requests to the Kubernetes API, by verb, resource and HTTP code (`none` when no answer came).",
    ["verb", "resource", "code"],
)

_OK = range(200, 300)
_REPEATABLE = frozenset({"get", "list", "watch", "apply"})


@dataclass(frozen=True)
class Request:
    """One request to the API server. `verb` is Kubernetes' own (RBAC) verb, used for counting and in messages."""

    verb: str
    method: str
    kind: Kind
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"
    accept: str = "application/json"
    name: str = ""
    read_timeout: float = READ_TIMEOUT

    @property
    def asked(self) -> str:
        """What is asked, in words for a message: `apply Deployment "backend"`."""
        return f'{self.verb} {self.kind.kind} "{self.name}"' if self.name else f"{self.verb} {self.kind.plural}"

    @property
    def traced(self) -> tracing.Attributes:
        """What a span tells of it: no body, no query."""
        _, inside, rest = self.path.partition("/namespaces/")
        return {
            "http.request.method": self.method,
            "k8s.verb": self.verb,
            "k8s.resource": self.kind.plural,
            "k8s.object.name": self.name,
            "k8s.namespace.name": rest.partition("/")[0] if inside and self.kind.namespaced else "",
        }


class Transport:
    """Sends requests with one `ApiClient` for each process, made again when the process turns out to be a fork."""

    def __init__(self) -> None:
        # By process id. A parent's client stays in here unused: closing it would end the parent's connections.
        self._clients: dict[int, ApiClient] = {}

    def send(self, request: Request) -> Manifest:
        """The decoded answer. Raises a ClusterError for anything but a complete 2xx answer."""
        with self.opened(request) as response:
            try:
                body = json.loads(response.data)
            except ValueError:
                raise Unavailable(f"The cluster's answer to {request.asked} was not JSON.") from None
            return body if isinstance(body, dict) else {"items": body}

    @contextmanager
    def opened(self, request: Request) -> Iterator[BaseHTTPResponse]:
        """A 2xx answer whose body has not been read yet (urllib3), closed or given back to the pool at the end."""
        # That an object isn't there is what many a request wants to know.
        with tracing.leaf(f"{request.verb} {request.kind.plural}", request.traced, expected=(NotFound,)) as span:
            response = self._answered(request, span)
            finished = False
            try:
                with _network_errors(request):
                    yield response
                finished = True
            finally:
                # An answer left half-read would hand its rest to the next request on that connection.
                if finished:
                    response.release_conn()
                else:
                    response.close()

    def _answered(self, request: Request, span: tracing.Span) -> BaseHTTPResponse:
        try:
            with _network_errors(request):
                response = self._request_repeated(request)
                failed = response.status not in _OK
                body = bytes(response.data) if failed else b""
        except Unavailable:
            REQUESTS.labels(request.verb, request.kind.plural, "none").inc()
            raise
        REQUESTS.labels(request.verb, request.kind.plural, str(response.status)).inc()
        span.note({"http.response.status_code": response.status})
        if failed:
            secret = request.kind.plural == "secrets"
            raise status_error(response.status, body, response.headers, asked=request.asked, secret=secret)
        return response

    def _request_repeated(self, request: Request) -> BaseHTTPResponse:
        """Repeats once what is safe to repeat: a server may close an idle connection just when it is used again."""
        try:
            return self._request(request)
        except Exception as error:
            if request.verb in _REPEATABLE and _closed_by_peer(error):
                return self._request(request)
            raise

    def _request(self, request: Request) -> BaseHTTPResponse:
        client = self._api_client()
        headers = {"Accept": request.accept, "Content-Type": request.content_type, **client.default_headers}
        client.update_params_for_auth(headers, [], ["BearerToken"], request.path, request.method, None)
        query = f"?{urlencode(request.query)}" if request.query else ""
        answer = client.call_api(
            request.method,
            f"{client.configuration.host}{request.path}{query}",
            headers,
            request.body,
            _request_timeout=(CONNECT_TIMEOUT, request.read_timeout),
        )
        response: BaseHTTPResponse = answer.response
        return response

    def _api_client(self) -> ApiClient:
        # Two threads that come first at once may each make one; both then use the same.
        process = os.getpid()
        return self._clients.get(process) or self._clients.setdefault(process, _new_client())


def _new_client() -> ApiClient:
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.configuration import Configuration
    from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
    from yaml import YAMLError

    settings = Configuration()
    kubeconfig = os.environ.get("KUBECONFIG")
    try:
        if kubeconfig:
            load_kube_config(config_file=kubeconfig, client_configuration=settings, persist_config=False)  # type: ignore[no-untyped-call]
        elif "KUBERNETES_SERVICE_HOST" in os.environ:
            load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
        else:
            # ~/.kube/config is left alone on purpose: someone's own cluster must not be changed by accident.
            raise Unconfigured("No cluster is set: set KUBECONFIG to the path of a kubeconfig file.")
    except (ConfigException, YAMLError, OSError) as error:
        raise Unconfigured(f"The cluster's configuration in {kubeconfig or 'the pod'} is not usable: {error}") from None
    settings.retries = False
    settings.keep_alive = True
    # One for each watch of the watcher, and some to spare; beyond these, connections are made and thrown away.
    settings.connection_pool_maxsize = 32
    if _is_loopback(settings.host):
        settings.proxy = None
    client = ApiClient(settings)
    client.user_agent = f"storeplane/{VERSION}"
    return client


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _network_errors(request: Request) -> Iterator[None]:
    """Turns what the network does into Unavailable."""
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

    cause: Exception
    try:
        yield
    except ReadTimeoutError as error:
        why, cause = f"did not answer within {request.read_timeout:g} s", error
    except NewConnectionError as error:
        # Told apart first: urllib3 derives it from the timeout.
        why, cause = "could not be reached (no connection)", error
    except ConnectTimeoutError as error:
        why, cause = f"did not accept a connection within {CONNECT_TIMEOUT:g} s", error
    except (HTTPError, ApiException, OSError) as error:
        why, cause = f"could not be reached ({type(error).__name__})", error
    else:
        return
    raise Unavailable(f"The cluster {why} ({request.asked}).") from cause


def _closed_by_peer(error: Exception) -> bool:
    from urllib3.exceptions import ProtocolError

    causes = [error, *error.args]
    return isinstance(error, ProtocolError) and any(isinstance(cause, ConnectionError) for cause in causes)
