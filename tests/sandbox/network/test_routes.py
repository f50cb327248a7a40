"""Which Service an ingress chooses, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.network.routes import RouteTable

Obj = dict[str, Any]


def ingress(name: str, host: str, *paths: tuple[str, str, str], created: str = "2026-01-01T00:00:00Z") -> Obj:
    rules = [
        {"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}}
        for path, kind, service in paths
    ]
    meta = {"name": name, "namespace": "shop", "creationTimestamp": created}
    return {"metadata": meta, "spec": {"rules": [{"host": host, "http": {"paths": rules}}]}}


TABLE = RouteTable(
    [
        ingress("two", "a.localhost", ("/", "Prefix", "late"), created="2026-02-01T00:00:00Z"),
        ingress(
            "one",
            "a.localhost",
            ("/", "Prefix", "front"),
            ("/app", "Prefix", "app"),
            ("/app/deep/", "Prefix", "deep"),
            ("/app", "Exact", "exact"),
            ("/odd", "ImplementationSpecific", "odd"),
        ),
        ingress("wild", "*.b.localhost", ("/", "Prefix", "wild")),
        ingress("only", "c.localhost", ("/only", "Exact", "only")),
    ]
)


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("a.localhost", "/", "front"),
        ("a.localhost", "/apple", "front"),
        ("a.localhost", "/app", "exact"),
        ("a.localhost", "/app/", "app"),
        ("a.localhost", "/app/x", "app"),
        ("a.localhost", "/app/deep", "deep"),
        ("a.localhost", "/app/deep/er", "deep"),
        ("a.localhost", "/odd/x", "odd"),
        ("x.b.localhost", "/x", "wild"),
        ("y.x.b.localhost", "/x", None),
        ("c.localhost", "/only", "only"),
        ("c.localhost", "/only/x", None),
        ("d.localhost", "/", None),
    ],
)
def test_the_longest_path_wins_by_whole_elements(host: str, path: str, service: str | None) -> None:
    route = TABLE.find(host, path)
    assert (route.service[1] if route else None) == service


def test_a_host_is_known_even_where_no_path_fits() -> None:
    assert TABLE.knows("c.localhost")
    assert not TABLE.knows("d.localhost")
