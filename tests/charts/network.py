"""NetworkPolicies evaluated as Kubernetes defines them: who may talk to whom, pair by pair."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from provisioner.cluster import Manifest


@dataclass(frozen=True)
class Party:
    """A pod with its labels and named ports, or an address outside the cluster."""

    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    address: str = ""
    ports: dict[str, int] = field(default_factory=dict)


def party_of(template: Manifest, namespace: str) -> Party:
    """The pods that a workload makes of its template."""
    (container,) = template["spec"]["containers"]
    named = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    return Party(template["metadata"]["labels"], namespace, ports=named)


class Policies:
    """Those of one namespace."""

    def __init__(self, objects: Iterable[Manifest], namespace: str) -> None:
        self._specs = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
        self._namespace = namespace

    def may_talk(self, source: Party, target: Party, protocol: str, port: int) -> bool:
        """Whether both ends allow it. A pod that no policy of a direction selects is open in that direction."""
        return self._passes(source, target, target, "Egress", (protocol, port)) and self._passes(
            target, source, target, "Ingress", (protocol, port)
        )

    def _passes(self, own: Party, other: Party, listener: Party, direction: str, port: tuple[str, int]) -> bool:
        policies = [
            spec
            for spec in self._specs
            if own.namespace == self._namespace
            and direction in spec["policyTypes"]
            and selects(spec["podSelector"], own.labels)
        ]
        side = {"Egress": ("egress", "to"), "Ingress": ("ingress", "from")}[direction]
        rules = [rule for policy in policies for rule in policy.get(side[0], [])]
        # Neither peers nor ports are ever left out here: that would mean everyone, or everything.
        return not policies or any(
            any(self._is_peer(peer, other) for peer in rule[side[1]])
            and any(_is_port(allowed, listener, port) for allowed in rule["ports"])
            for rule in rules
        )

    def _is_peer(self, peer: Manifest, party: Party) -> bool:
        if "ipBlock" in peer:
            block = peer["ipBlock"]
            return bool(party.address) and (
                _within(party.address, block["cidr"])
                and not any(_within(party.address, network) for network in block.get("except", []))
            )
        if party.address:
            return False
        if "namespaceSelector" in peer:
            in_namespace = selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": party.namespace})
        else:
            in_namespace = party.namespace == self._namespace
        return in_namespace and selects(peer.get("podSelector", {}), party.labels)


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector takes in something with these labels; of the operators only the one in use, `In`."""
    assert set(selector) <= {"matchLabels", "matchExpressions"}
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def _is_port(allowed: Manifest, listener: Party, port: tuple[str, int]) -> bool:
    number = allowed["port"] if isinstance(allowed["port"], int) else listener.ports.get(allowed["port"])
    return (allowed["protocol"], number) == port


def _within(address: str, network: str) -> bool:
    parsed, block = ipaddress.ip_address(address), ipaddress.ip_network(network)
    return parsed.version == block.version and parsed in block
