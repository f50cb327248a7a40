"""Which pods a request may go to, as tables."""

from __future__ import annotations

import pytest

from tests.detour.endpoints import Endpoint, Endpoints
from tests.detour.world import HOST, SPACE, Obj, ingress, pod, service

SHOP = [
    ingress(("/store", "Prefix", "backend"), ("/health", "Exact", "backend"), ("/", "Prefix", "storefront")),
    service("backend", 9000),
    service("storefront"),
    pod("back", "backend"),
    pod("front", "storefront"),
]


@pytest.mark.parametrize(
    ("path", "name", "port"),
    [
        ("/", "front", 8080),
        ("/store/regions", "back", 9000),
        ("/stores", "front", 8080),
        ("/health", "back", 9000),
        ("/health/x", "front", 8080),
    ],
)
def test_a_request_goes_where_the_ingress_sends_it(path: str, name: str, port: int) -> None:
    assert Endpoints(SHOP).behind(HOST, path) == [Endpoint(SPACE, name, port)]


@pytest.mark.parametrize(
    ("pods", "names"),
    [
        ([pod("a", "storefront"), pod("b", "storefront")], ["a", "b"]),
        ([pod("a", "storefront", ready=False), pod("b", "storefront")], ["b"]),
        ([pod("a", "storefront", leaving=True), pod("b", "storefront")], ["b"]),
        ([pod("a", "storefront", leaving=True)], []),
        ([pod("a", "backend")], []),
    ],
)
def test_only_a_ready_pod_that_stays_gets_requests(pods: list[Obj], names: list[str]) -> None:
    endpoints = Endpoints([*SHOP[:3], *pods])
    assert [each.pod for each in endpoints.behind(HOST, "/")] == names
    assert endpoints.knows(HOST)
    assert all(endpoints.has(Endpoint(SPACE, name, 8080)) for name in names)


def test_a_host_that_no_ingress_names_leads_nowhere() -> None:
    assert not Endpoints(SHOP).knows("coffee.localhost")
    assert Endpoints(SHOP).behind("coffee.localhost", "/") == []


def test_another_namespaces_pods_are_not_the_services() -> None:
    elsewhere = pod("front", "storefront")
    elsewhere["metadata"]["namespace"] = "store-coffee"
    assert Endpoints([*SHOP[:3], elsewhere]).behind(HOST, "/") == []
