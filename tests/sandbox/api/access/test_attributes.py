"""What a request is in the words of RBAC."""

import pytest
from yarl import URL

from sandbox.api.access.attributes import Attributes, of_resource
from sandbox.api.http.paths import parse_path

PODS, APPS = "/api/v1/namespaces/n/pods", "/apis/apps/v1"


@pytest.mark.parametrize(
    ("request_line", "asked"),
    [
        (f"GET {PODS}/x", Attributes("get", "", "pods", "", "n", "x")),
        (f"HEAD {PODS}/x", Attributes("get", "", "pods", "", "n", "x")),
        (f"GET {PODS}", Attributes("list", "", "pods", "", "n")),
        (f"GET {PODS}?watch=true", Attributes("watch", "", "pods", "", "n")),
        (f"GET {PODS}?watch=1", Attributes("watch", "", "pods", "", "n")),
        (f"GET {PODS}?watch=false", Attributes("list", "", "pods", "", "n")),
        (f"GET {PODS}?fieldSelector=metadata.name%3Dx", Attributes("list", "", "pods", "", "n", "x")),
        (f"GET {PODS}?watch=1&fieldSelector=metadata.name%3D%3Dx", Attributes("watch", "", "pods", "", "n", "x")),
        (f"GET {PODS}?fieldSelector=metadata.name%21%3Dx", Attributes("list", "", "pods", "", "n")),
        (f"POST {PODS}", Attributes("create", "", "pods", "", "n")),
        (f"PUT {PODS}/x", Attributes("update", "", "pods", "", "n", "x")),
        (f"PATCH {PODS}/x/status", Attributes("patch", "", "pods", "status", "n", "x")),
        (f"DELETE {PODS}/x", Attributes("delete", "", "pods", "", "n", "x")),
        (f"DELETE {PODS}", Attributes("deletecollection", "", "pods", "", "n")),
        (f"POST {PODS}/x/eviction", Attributes("create", "", "pods", "eviction", "n", "x")),
        ("GET /api/v1/pods", Attributes("list", "", "pods")),
        ("GET /api/v1/namespaces", Attributes("list", "", "namespaces")),
        ("GET /api/v1/namespaces/n", Attributes("get", "", "namespaces", "", "n", "n")),
        ("PUT /api/v1/namespaces/n/finalize", Attributes("update", "", "namespaces", "finalize", "n", "n")),
        (f"GET {APPS}/namespaces/n/deployments/x/scale", Attributes("get", "apps", "deployments", "scale", "n", "x")),
        ("GET /apis/storeplane.dev/v1/stores/s", Attributes("get", "storeplane.dev", "stores", "", "", "s")),
    ],
)
def test_method_path_and_query_make_the_verb(request_line: str, asked: Attributes) -> None:
    method, _, target = request_line.partition(" ")
    url = URL(target, encoded=True)
    address = parse_path(url.path)
    assert address is not None
    assert of_resource(method, address, url.query) == asked


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/version", "/healthz"]
)
def test_discovery_and_health_are_about_no_resource(path: str) -> None:
    assert parse_path(path) is None
