"""Who may talk to whom: the rendered NetworkPolicies, evaluated pair by pair as Kubernetes defines them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import pytest

from provisioner.cluster import Manifest
from tests.charts.rendering import NAMESPACE, pod_templates, render

_PODS = dict(pod_templates(render()))
_POLICIES = [item for item in render() if item["kind"] == "NetworkPolicy"]


@dataclass(frozen=True)
class Party:
    """A pod with its labels and named ports, or an address outside the cluster."""

    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    address: str = ""
    ports: dict[str, int] = field(default_factory=dict)


def _of_store(workload: str) -> Party:
    template = _PODS[workload]
    named = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    return Party(template["metadata"]["labels"], NAMESPACE, ports=named)


def _of_other_store(workload: str) -> Party:
    mine = _of_store(workload)
    return Party({**mine.labels, "storeplane.dev/store": "other"}, "store-other", ports=mine.ports)


PARTIES = {
    "database": _of_store("postgres"),
    "backend": _of_store("backend"),
    "storefront": _of_store("storefront"),
    "stray pod": Party({"app": "stray"}, NAMESPACE),
    "ingress controller": Party({"app.kubernetes.io/name": "ingress-nginx"}, "ingress-nginx"),
    "pod beside the controller": Party({"app": "other"}, "ingress-nginx"),
    "pod that calls itself controller": Party({"app.kubernetes.io/name": "ingress-nginx"}, "store-other"),
    "dns": Party({"k8s-app": "kube-dns"}, "kube-system"),
    "pod beside dns": Party({"app": "metrics"}, "kube-system"),
    "other store's backend": _of_other_store("backend"),
    "other store's database": _of_other_store("postgres"),
    "platform": Party({"app.kubernetes.io/part-of": "storeplane"}, "storeplane"),
    "internet": Party(address="93.184.216.34"),
    "internet over IPv6": Party(address="2606:2800:220:1::1"),
    "metadata service": Party(address="169.254.169.254"),
    "metadata service over IPv6": Party(address="fd00:ec2::254"),
    "private 10": Party(address="10.0.0.1"),
    "private 172": Party(address="172.31.255.1"),
    "private 192": Party(address="192.168.1.1"),
    "carrier-grade NAT": Party(address="100.64.0.1"),
    "node loopback": Party(address="127.0.0.1"),
}
OF_STORE = ["database", "backend", "storefront", "stray pod"]
PORTS = [
    ("TCP", 53),
    ("UDP", 53),
    ("TCP", 80),
    ("TCP", 443),
    ("TCP", 5432),
    ("TCP", 6443),
    ("TCP", 8080),
    ("TCP", 9000),
]

ALLOWED = {
    ("ingress controller", "storefront", "TCP", 8080),
    ("ingress controller", "backend", "TCP", 9000),
    ("storefront", "backend", "TCP", 9000),
    ("backend", "database", "TCP", 5432),
    ("backend", "dns", "TCP", 53),
    ("backend", "dns", "UDP", 53),
    ("storefront", "dns", "TCP", 53),
    ("storefront", "dns", "UDP", 53),
    ("backend", "internet", "TCP", 443),
    ("backend", "internet over IPv6", "TCP", 443),
}


PAIRS = [(source, target) for source in PARTIES for target in PARTIES if {source, target} & set(OF_STORE)]


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if len(set(pair)) > 1])
def test_a_pair_may_talk_only_as_listed(source: str, target: str) -> None:
    open_ports = {
        (source, target, protocol, port)
        for protocol, port in PORTS
        if may_talk(PARTIES[source], PARTIES[target], protocol, port)
    }
    assert open_ports == {entry for entry in ALLOWED if entry[:2] == (source, target)}


def may_talk(source: Party, target: Party, protocol: str, port: int) -> bool:
    """Whether both ends allow it. A pod that no policy of a direction selects is open in that direction."""
    return _passes(source, target, target, "Egress", (protocol, port)) and _passes(
        target, source, target, "Ingress", (protocol, port)
    )


def _passes(own: Party, other: Party, listener: Party, direction: str, port: tuple[str, int]) -> bool:
    policies = [
        policy["spec"]
        for policy in _POLICIES
        if own.namespace == NAMESPACE
        and direction in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], own.labels)
    ]
    side = {"Egress": ("egress", "to"), "Ingress": ("ingress", "from")}[direction]
    rules = [rule for policy in policies for rule in policy.get(side[0], [])]
    return not policies or any(
        any(_is_peer(peer, other) for peer in rule[side[1]])
        and any(_is_port(allowed, listener, port) for allowed in rule["ports"])
        for rule in rules
    )


def _is_peer(peer: Manifest, party: Party) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return bool(party.address) and (
            _within(party.address, block["cidr"])
            and not any(_within(party.address, network) for network in block.get("except", []))
        )
    if party.address:
        return False
    if "namespaceSelector" in peer:
        in_namespace = _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": party.namespace})
    else:
        in_namespace = party.namespace == NAMESPACE
    return in_namespace and _selects(peer.get("podSelector", {}), party.labels)


def _is_port(allowed: Manifest, listener: Party, port: tuple[str, int]) -> bool:
    number = allowed["port"] if isinstance(allowed["port"], int) else listener.ports.get(allowed["port"])
    return (allowed["protocol"], number) == port


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return selector.get("matchLabels", {}).items() <= labels.items()


def _within(address: str, network: str) -> bool:
    parsed, block = ipaddress.ip_address(address), ipaddress.ip_network(network)
    return parsed.version == block.version and parsed in block
