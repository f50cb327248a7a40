"""Who may talk to whom in the platform's own namespace, pair by pair."""

from __future__ import annotations

import pytest

from tests.charts.network import Party, Policies, party_of
from tests.charts.platform.variants import EXTERNAL, OPERATED, rendered
from tests.charts.rendering import RELEASE, SYSTEM, pod_templates, render_platform

_PODS = dict(pod_templates(render_platform()))
ASKING = ["web", "worker-provision", "worker-teardown", "worker-events", "watcher", "prepare"]
COUNTING = ["worker-provision", "worker-teardown", "worker-events", "beat", "watcher"]
CLIENTS = [*ASKING, "beat"]
OWN = [*CLIENTS, "postgresql", "redis", "stray pod"]


def _own(component: str) -> Party:
    suffix = "-1" if component == "prepare" else ""
    return party_of(_PODS[f"{RELEASE}-{component}{suffix}"], SYSTEM)


PARTIES = {
    **{component: _own(component) for component in [*CLIENTS, "postgresql", "redis"]},
    "stray pod": Party({"app": "stray"}, SYSTEM),
    "pod that calls itself web": Party(_own("web").labels, "store-tea-shop", ports=_own("web").ports),
    "ingress controller": Party({"app.kubernetes.io/name": "ingress-nginx"}, "ingress-nginx"),
    "pod beside the controller": Party({"app": "other"}, "ingress-nginx"),
    "pod that calls itself controller": Party({"app.kubernetes.io/name": "ingress-nginx"}, "store-tea-shop"),
    "prometheus": Party({"app.kubernetes.io/name": "prometheus"}, "monitoring"),
    "grafana": Party({"app.kubernetes.io/name": "grafana"}, "monitoring"),
    "dns": Party({"k8s-app": "kube-dns"}, "kube-system"),
    "pod beside dns": Party({"app": "metrics"}, "kube-system"),
    "store's backend": Party({"app.kubernetes.io/component": "backend"}, "store-tea-shop", ports={"http": 9000}),
    "api server": Party(address="10.0.0.1"),
    "internet": Party(address="93.184.216.34"),
    "database outside": Party(address="10.20.0.7"),
    "redis outside": Party(address="10.20.1.7"),
    "pod of the operator": Party({"cnpg.io/cluster": "storeplane"}, "databases"),
    "another database": Party({"cnpg.io/cluster": "other"}, "databases"),
}
API_SERVER = (443, 6443, 8443, 16443)  # of a Service, and what distributions listen on behind it
PORTS = [
    *[("TCP", port) for port in (53, 80, 443, 5432, 6379, *API_SERVER, 8000, 9000, 9808)],
    ("UDP", 53),
]
DNS = {(source, "dns", protocol, 53) for source in CLIENTS for protocol in ("TCP", "UDP")}
CLUSTER = {(source, "api server", "TCP", port) for source in ASKING for port in API_SERVER}
IN = {
    ("ingress controller", "web", "TCP", 8000),
    ("prometheus", "web", "TCP", 8000),
    *[("prometheus", target, "TCP", 9808) for target in COUNTING],
}
INSIDE = {
    (source, server, "TCP", port) for source in CLIENTS for server, port in (("postgresql", 5432), ("redis", 6379))
}
NARROW = {"networkPolicies": {"apiServer": {"cidrs": ["10.0.0.0/24"]}}}


def talks(policies: Policies) -> set[tuple[str, str, str, int]]:
    """All that is allowed between a pod of the namespace and anybody else."""
    return {
        (source, target, protocol, port)
        for source in PARTIES
        for target in PARTIES
        if source != target and {source, target} & set(OWN)
        for protocol, port in PORTS
        if policies.may_talk(PARTIES[source], PARTIES[target], protocol, port)
    }


def test_with_servers_of_the_chart_everybody_may_talk_only_as_listed() -> None:
    assert talks(Policies(render_platform(**NARROW), SYSTEM)) == DNS | CLUSTER | IN | INSIDE


def test_with_servers_of_ones_own_the_way_to_them_is_open_and_no_other() -> None:
    policies = {**EXTERNAL["networkPolicies"], **NARROW["networkPolicies"]}
    servers = {
        (source, server, "TCP", port)
        for source in CLIENTS
        for server, port in (("database outside", 5432), ("redis outside", 6379))
    }
    assert talks(Policies(render_platform(**{**EXTERNAL, "networkPolicies": policies}), SYSTEM)) == (
        DNS | CLUSTER | IN | servers
    )


def test_a_database_in_the_cluster_is_reached_by_its_labels() -> None:
    policies = {**OPERATED["networkPolicies"], **NARROW["networkPolicies"]}
    database = {(source, "pod of the operator", "TCP", 5432) for source in CLIENTS}
    redis = {entry for entry in INSIDE if entry[1] == "redis"}
    assert talks(Policies(render_platform(**{**OPERATED, "networkPolicies": policies}), SYSTEM)) == (
        DNS | CLUSTER | IN | database | redis
    )


def test_on_k3s_it_is_traefik_that_comes_in() -> None:
    policies = Policies(rendered("local on k3s"), SYSTEM)
    traefik = Party({"app.kubernetes.io/name": "traefik"}, "kube-system")
    assert policies.may_talk(traefik, PARTIES["web"], "TCP", 8000)
    assert not policies.may_talk(PARTIES["ingress controller"], PARTIES["web"], "TCP", 8000)


def test_a_controller_and_a_resolver_on_the_nodes_own_network_are_told_by_their_addresses() -> None:
    dns = {"cidrs": ["169.254.20.10/32"]}
    values = {
        "ingressController": {"cidrs": ["10.9.0.0/24"]},
        "networkPolicies": {**NARROW["networkPolicies"], "dns": dns},
    }
    policies = Policies(render_platform(**values), SYSTEM)
    node, resolver = Party(address="10.9.0.5"), Party(address="169.254.20.10")
    assert {port for _, port in PORTS if policies.may_talk(node, PARTIES["web"], "TCP", port)} == {8000}
    for source in CLIENTS:
        assert {port for _, port in PORTS if policies.may_talk(PARTIES[source], resolver, "UDP", port)} == {53}
        assert not policies.may_talk(node, PARTIES[source], "TCP", 9808)


def test_without_an_address_given_the_api_server_may_be_anywhere_and_nothing_else_is_open() -> None:
    policies = Policies(render_platform(), SYSTEM)
    web = PARTIES["web"]
    reached = {port for _, port in PORTS if policies.may_talk(web, PARTIES["internet"], "TCP", port)}
    assert reached == set(API_SERVER)
    assert not any(policies.may_talk(PARTIES["beat"], PARTIES["internet"], "TCP", port) for _, port in PORTS)


@pytest.mark.parametrize("server", ["postgresql", "redis"])
def test_a_server_talks_to_nobody(server: str) -> None:
    assert not [entry for entry in talks(Policies(render_platform(), SYSTEM)) if entry[0] == server]


def test_with_tls_the_proof_for_a_certificate_is_reached_and_nothing_else_is_opened() -> None:
    policies = Policies(render_platform(ingress={"tls": {"enabled": True}}), SYSTEM)
    solver = Party({"acme.cert-manager.io/http01-solver": "true"}, SYSTEM)
    assert policies.may_talk(PARTIES["ingress controller"], solver, "TCP", 8089)
    assert not policies.may_talk(PARTIES["web"], solver, "TCP", 8089)
    assert not policies.may_talk(solver, PARTIES["internet"], "TCP", 443)


def test_what_may_be_reached_is_told_by_number() -> None:
    """Cilium drops a rule of egress whose port's name stands for different numbers in the cluster (cilium#30003)."""
    policies = [item["spec"] for item in render_platform() if item["kind"] == "NetworkPolicy"]
    ports = [port["port"] for spec in policies for rule in spec.get("egress", []) for port in rule["ports"]]
    assert ports
    assert all(isinstance(port, int) for port in ports)
