"""Addresses."""

import pytest

from sandbox.api.http.paths import ApiPath, parse_path


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/api/v1/pods", ApiPath("", "v1", "pods")),
        ("/api/v1/namespaces", ApiPath("", "v1", "namespaces")),
        ("/api/v1/namespaces/a", ApiPath("", "v1", "namespaces", None, "a")),
        ("/api/v1/namespaces/a/status", ApiPath("", "v1", "namespaces", None, "a", "status")),
        ("/api/v1/namespaces/a/pods", ApiPath("", "v1", "pods", "a")),
        ("/api/v1/namespaces/a/pods/p/log", ApiPath("", "v1", "pods", "a", "p", "log")),
        ("/apis/apps/v1/namespaces/a/deployments/d", ApiPath("apps", "v1", "deployments", "a", "d")),
        ("/apis/storage.k8s.io/v1/storageclasses/s", ApiPath("storage.k8s.io", "v1", "storageclasses", None, "s")),
        ("/apis/example.com/v1/widgets/w/status", ApiPath("example.com", "v1", "widgets", None, "w", "status")),
    ],
)
def test_paths_are_taken_apart(path: str, parts: ApiPath) -> None:
    assert parse_path(path) == parts


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/openapi/v3"])
def test_other_paths_are_not_resources(path: str) -> None:
    assert parse_path(path) is None
