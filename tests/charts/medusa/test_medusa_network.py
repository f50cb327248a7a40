"""Who may talk to whom: the rendered NetworkPolicies, evaluated pair by pair as Kubernetes defines them."""

from __future__ import annotations

import pytest

from provisioner.cluster import Manifest
from tests.charts.network import Party, Policies, party_of
from tests.charts.rendering import NAMESPACE, pod_templates, render, render_upgrade

# A Job's name ends in what its content adds up to.
_PODS = {name.partition("-")[0]: template for name, template in pod_templates(render_upgrade())}


def _of_store(workload: str) -> Party:
    return party_of(_PODS[workload], NAMESPACE)


def _of_other_store(workload: str) -> Party:
    mine = _of_store(workload)
    return Party({**mine.labels, "storeplane.dev/store": "other"}, "store-other", ports=mine.ports)


PARTIES = {
    "database": _of_store("postgres"),
    "backend": _of_store("backend"),
    "storefront": _of_store("storefront"),
    "migration": _of_store("migrate"),
    "stray pod": Party({"app": "stray"}, NAMESPACE),
    "ingress controller": Party({"app.kubernetes.io/name": "ingress-nginx"}, "ingress-nginx"),
    "pod beside the controller": Party({"app": "other"}, "ingress-nginx"),
    "pod that calls itself controller": Party({"app.kubernetes.io/name": "ingress-nginx"}, "store-other"),
    "dns": Party({"k8s-app": "kube-dns"}, "kube-system"),
    "pod beside dns": Party({"app": "metrics"}, "kube-system"),
    "other store's backend": _of_other_store("backend"),
    "other store's database": _of_other_store("postgres"),
    "other store's migration": _of_other_store("migrate"),
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
OF_STORE = ["database", "backend", "storefront", "migration", "stray pod"]
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
    ("migration", "database", "TCP", 5432),
    ("migration", "dns", "TCP", 53),
    ("migration", "dns", "UDP", 53),
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
    policies = Policies(render(), NAMESPACE)
    open_ports = {
        (source, target, protocol, port)
        for protocol, port in PORTS
        if policies.may_talk(PARTIES[source], PARTIES[target], protocol, port)
    }
    assert open_ports == {entry for entry in ALLOWED if entry[:2] == (source, target)}


def test_with_traefik_it_is_traefik_and_no_other_that_comes_in() -> None:
    controller = {
        "namespaceLabels": {"kubernetes.io/metadata.name": "kube-system"},
        "podLabels": {"app.kubernetes.io/name": "traefik"},
    }
    policies = Policies(render(ingressController=controller), NAMESPACE)
    traefik = Party({"app.kubernetes.io/name": "traefik"}, "kube-system")
    for workload, port in (("storefront", 8080), ("backend", 9000)):
        assert policies.may_talk(traefik, PARTIES[workload], "TCP", port)
        assert not policies.may_talk(PARTIES["ingress controller"], PARTIES[workload], "TCP", port)
        assert not policies.may_talk(PARTIES["pod beside dns"], PARTIES[workload], "TCP", port)


@pytest.mark.parametrize("part", ["ingressController", "dns"])
def test_labels_of_ones_own_are_all_that_is_asked_for_and_none_at_all_never_means_everybody(part: str) -> None:
    own = {"namespaceLabels": {"kubernetes.io/metadata.name": "elsewhere"}, "podLabels": {"app": "own"}}
    peers = [peer for peer in _peers(render(**{part: own})) if "namespaceSelector" in peer]
    assert {
        "namespaceSelector": {"matchLabels": own["namespaceLabels"]},
        "podSelector": {"matchLabels": {"app": "own"}},
    } in (peers)
    none = render(**{part: {"namespaceLabels": {}, "podLabels": {}}})
    assert none == render()


def test_a_controller_and_a_resolver_on_the_nodes_own_network_are_told_by_their_addresses() -> None:
    controller = {"namespaceLabels": {"a": "b"}, "podLabels": {"c": "d"}, "cidrs": ["10.0.0.1/32"]}
    dns = {"namespaceLabels": {"a": "b"}, "podLabels": {"c": "d"}, "cidrs": ["169.254.20.10/32"]}
    policies = Policies(render(ingressController=controller, dns=dns), NAMESPACE)
    node, other, resolver = (Party(address=each) for each in ("10.0.0.1", "10.0.0.2", "169.254.20.10"))
    for workload, port in (("storefront", 8080), ("backend", 9000)):
        assert policies.may_talk(node, PARTIES[workload], "TCP", port)
        assert not policies.may_talk(other, PARTIES[workload], "TCP", port)
        assert policies.may_talk(PARTIES[workload], resolver, "UDP", 53)
        assert not policies.may_talk(PARTIES[workload], resolver, "TCP", 80)
        assert not policies.may_talk(PARTIES[workload], PARTIES["metadata service"], "UDP", 53)
    assert not policies.may_talk(node, PARTIES["database"], "TCP", 5432)


def test_with_tls_the_proof_for_a_certificate_is_reached_and_nothing_else_is_opened() -> None:
    tls = {"className": "nginx", "annotations": {}, "tls": {"enabled": True, "secretName": ""}}
    policies = Policies(render(ingress=tls), NAMESPACE)
    solver = Party({"acme.cert-manager.io/http01-solver": "true"}, NAMESPACE)
    assert policies.may_talk(PARTIES["ingress controller"], solver, "TCP", 8089)
    assert not policies.may_talk(PARTIES["backend"], solver, "TCP", 8089)
    assert not policies.may_talk(solver, PARTIES["internet"], "TCP", 443)
    assert not Policies(render(), NAMESPACE).may_talk(PARTIES["ingress controller"], solver, "TCP", 8089)


def _peers(objects: list[Manifest]) -> list[Manifest]:
    specs = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
    return [
        peer
        for spec in specs
        for rule in [*spec.get("ingress", []), *spec.get("egress", [])]
        for peer in [*rule.get("from", []), *rule.get("to", [])]
    ]


def test_what_may_be_reached_is_told_by_number() -> None:
    """Cilium drops a rule of egress whose port's name stands for different numbers in the cluster (cilium#30003)."""
    policies = [
        item["spec"] for item in render_upgrade(ingress={"tls": {"enabled": True}}) if item["kind"] == "NetworkPolicy"
    ]
    ports = [port["port"] for spec in policies for rule in spec.get("egress", []) for port in rule["ports"]]
    assert ports
    assert all(isinstance(port, int) for port in ports)
