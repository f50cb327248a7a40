"""What iptables is told of policies: who is isolated, and what is let through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.policies import CHAIN, Pod, World, networks, selects, table

SHOP = Pod("store-a", {"part": "shop"}, "10.245.0.2", {"http": 8080})
BACKEND = Pod("store-a", {"part": "backend"}, "10.245.0.3", {"http": 9000})
STRANGER = Pod("store-b", {"part": "shop"}, "10.245.0.4", {"http": 8080})
NAMES = {"store-a": {"kubernetes.io/metadata.name": "store-a"}, "store-b": {"kubernetes.io/metadata.name": "store-b"}}


def policy(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "store-a"}, "spec": spec}


def rules(*policies: dict[str, Any]) -> list[str]:
    """The lines that say what becomes of packets."""
    lines = table(World([SHOP, BACKEND, STRANGER], list(policies), NAMES)).splitlines()
    return [line.removeprefix("-A ") for line in lines if line.startswith("-A ")][1:]


def test_without_policies_nothing_is_held() -> None:
    assert rules() == []


def test_denying_all_holds_both_ways_for_the_namespaces_pods_and_for_no_other() -> None:
    found = rules(policy(podSelector={}, policyTypes=["Ingress", "Egress"]))
    assert found == [
        f"{CHAIN} -s 10.245.0.2 -j {CHAIN}-E10.245.0.2",
        f"{CHAIN} -s 10.245.0.3 -j {CHAIN}-E10.245.0.3",
        f"{CHAIN} -d 10.245.0.2 -j {CHAIN}-I10.245.0.2",
        f"{CHAIN} -d 10.245.0.3 -j {CHAIN}-I10.245.0.3",
        f"{CHAIN}-E10.245.0.2 -j REJECT",
        f"{CHAIN}-E10.245.0.3 -j REJECT",
        f"{CHAIN}-I10.245.0.2 -j REJECT",
        f"{CHAIN}-I10.245.0.3 -j REJECT",
    ]


def test_a_peer_without_a_namespace_is_of_the_policys_own_and_a_named_port_the_listeners() -> None:
    backend = {"podSelector": {"matchLabels": {"part": "backend"}}}
    shop = {"podSelector": {"matchLabels": {"part": "shop"}}}
    ports = [{"port": "http", "protocol": "TCP"}]
    incoming = policy(**backend, policyTypes=["Ingress"], ingress=[{"from": [shop], "ports": ports}])
    outgoing = policy(**shop, policyTypes=["Egress"], egress=[{"to": [backend], "ports": ports}])
    found = rules(incoming, outgoing)
    assert f"{CHAIN}-I10.245.0.3 -s 10.245.0.2 -p tcp --dport 9000:9000 -j RETURN" in found
    assert f"{CHAIN}-E10.245.0.2 -d 10.245.0.3 -p tcp --dport 9000:9000 -j RETURN" in found
    assert not any("10.245.0.4" in line for line in found)


def test_a_namespace_may_be_meant_by_its_name() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "store-b"}}}
    found = rules(policy(podSelector={}, policyTypes=["Ingress"], ingress=[{"from": [peer]}]))
    assert f"{CHAIN}-I10.245.0.2 -s 10.245.0.4 -j RETURN" in found
    assert not any("-s 10.245.0.3" in line for line in found)


def test_a_peer_that_is_nobody_lets_nobody_through_and_no_peers_let_all() -> None:
    nobody = {"podSelector": {"matchLabels": {"part": "none"}}}
    assert not any("RETURN" in line for line in rules(policy(podSelector={}, ingress=[{"from": [nobody]}])))
    found = rules(policy(podSelector={}, ingress=[{"ports": [{"port": 80, "endPort": 90}]}]))
    assert f"{CHAIN}-I10.245.0.2 -p tcp --dport 80:90 -j RETURN" in found


def test_a_block_is_what_is_left_of_it() -> None:
    assert networks({"cidr": "10.0.0.0/30", "except": ["10.0.0.2/32"]}) == ["10.0.0.0/31", "10.0.0.3/32"]
    assert networks({"cidr": "10.0.0.0/30", "except": ["0.0.0.0/0"]}) == []
    assert networks({"cidr": "::/0"}) == []


@pytest.mark.parametrize(
    ("operator", "values", "agrees"),
    [
        ("In", ["shop"], True),
        ("In", ["other"], False),
        ("NotIn", ["other"], True),
        ("Exists", None, True),
        ("DoesNotExist", None, False),
    ],
)
def test_expressions_of_selectors(operator: str, values: list[str] | None, agrees: bool) -> None:
    expression = {"key": "part", "operator": operator, "values": values}
    assert selects({"matchExpressions": [expression]}, SHOP.labels) is agrees
