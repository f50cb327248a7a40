"""NetworkPolicies in force, by iptables: the bridge plugin knows nothing of them.

python -m tests.cluster.policies FOLDER

It holds what goes from pod to pod and from pods to the outside. What comes from the node or goes to it isn't forwarded,
and so isn't held: the ingress controller, the kubelet's probes, DNS and the API server are processes of the node.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from tests.cluster.api import Api, Json
from tests.cluster.commands import ClusterError, run, succeeds
from tests.cluster.places import Places

CHAIN = "STOREPLANE-NET"
LOOK_EVERY_SECONDS = 0.5
_NAME_LABEL = "kubernetes.io/metadata.name"
"""Of namespaces since 1.21; added here, so that policies may go by it."""
_SIDES = (("Egress", "egress", "to", "-s", "-d"), ("Ingress", "ingress", "from", "-d", "-s"))
"""Direction, its rules and their peers in a policy, and how iptables names the pod's address and the other's."""


@dataclass(frozen=True)
class Pod:
    """One with an address of its own."""

    namespace: str
    labels: dict[str, str]
    address: str
    ports: dict[str, int]


@dataclass(frozen=True)
class World:
    """What policies speak of."""

    pods: list[Pod]
    policies: list[Json]
    namespaces: dict[str, dict[str, str]]
    """Labels by name."""

    def of(self, pod: Pod, direction: str) -> list[Json]:
        """The specs of the policies that isolate a pod in a direction."""
        return [
            each["spec"]
            for each in self.policies
            if each["metadata"]["namespace"] == pod.namespace
            and direction in each["spec"].get("policyTypes", ["Ingress"])
            and selects(each["spec"].get("podSelector", {}), pod.labels)
        ]

    def addresses(self, peer: Json, namespace: str) -> list[str]:
        """Those of a peer in a policy of that namespace."""
        if "ipBlock" in peer:
            return networks(peer["ipBlock"])
        return [pod.address for pod in self.pods if self._is_peer(peer, pod, namespace)]

    def _is_peer(self, peer: Json, pod: Pod, namespace: str) -> bool:
        if "namespaceSelector" in peer:
            near = selects(peer["namespaceSelector"], self.namespaces.get(pod.namespace, {}))
        else:
            near = pod.namespace == namespace
        return near and selects(peer.get("podSelector", {}), pod.labels)


def selects(selector: Json, labels: dict[str, str]) -> bool:
    """Whether a label selector takes in something with these labels."""
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        _agrees(each, labels.get(each["key"])) for each in selector.get("matchExpressions", [])
    )


def _agrees(expression: Json, value: str | None) -> bool:
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def networks(block: Json) -> list[str]:
    """A block without what is taken out of it; those of IPv6 don't matter here."""
    if ":" in block["cidr"]:
        return []
    left = [IPv4Network(block["cidr"])]
    for without in map(IPv4Network, block.get("except", [])):
        left = [part for network in left for part in _without(network, without)]
    return [str(network) for network in left]


def _without(network: IPv4Network, other: IPv4Network) -> Iterator[IPv4Network]:
    if not network.overlaps(other):
        yield network
    elif network != other and other.subnet_of(network):
        yield from network.address_exclude(other)


def table(world: World) -> str:
    """What `iptables-restore --noflush` must read. A packet passes the sender's chain, then the receiver's."""
    chains, jumps, rules = [], [], []
    for direction, side, peers, own, other in _SIDES:
        for pod in world.pods:
            if specs := world.of(pod, direction):
                chain = f"{CHAIN}-{direction[0]}{pod.address}"
                chains.append(chain)
                jumps.append(f"-A {CHAIN} {own} {pod.address} -j {chain}")
                allowed = [rule for spec in specs for rule in spec.get(side) or []]
                rules += [f"-A {chain} {each}-j RETURN" for each in _matches(world, pod, allowed, peers, other)]
                rules.append(f"-A {chain} -j REJECT")
    answers = f"-A {CHAIN} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN"
    made = [f":{chain} - [0:0]" for chain in (CHAIN, *chains)]
    emptied = [f"-F {chain}" for chain in (CHAIN, *chains)]
    return "\n".join(["*filter", *made, *emptied, answers, *jumps, *rules, "COMMIT", ""])


def _matches(world: World, pod: Pod, rules: Iterable[Json], peers: str, flag: str) -> Iterator[str]:
    """How iptables tells what these rules allow. No peers are all, and no ports, too."""
    by_address = {each.address: each for each in world.pods}
    for rule in rules:
        told = [address for peer in rule.get(peers) or [] for address in world.addresses(peer, pod.namespace)]
        for address in told if rule.get(peers) else [""]:
            listener = pod if peers == "from" else by_address.get(address)
            other = f"{flag} {address} " if address else ""
            ports = rule.get("ports") or []
            yield from ([f"{other}{_port(each, listener)}" for each in ports] if ports else [other])


def _port(port: Json, listener: Pod | None) -> str:
    """A port by its name is the listener's; one that the listener doesn't have is none, and 0 is nobody's."""
    number = port.get("port")
    if isinstance(number, str):
        number = listener.ports.get(number, 0) if listener else 0
    protocol = f"-p {port.get('protocol', 'TCP').lower()} "
    return protocol if number is None else f"{protocol}--dport {number}:{port.get('endPort', number)} "


def seen(api: Api) -> World:
    """The cluster as it is."""
    spaces = {
        each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in api.items("/api/v1/namespaces")
    }
    return World(
        [_pod(each) for each in api.items("/api/v1/pods") if _has_address(each)],
        api.items("/apis/networking.k8s.io/v1/networkpolicies"),
        {name: {**labels, _NAME_LABEL: name} for name, labels in spaces.items()},
    )


def _has_address(pod: Json) -> bool:
    status = pod.get("status", {})
    alive = status.get("phase") in ("Pending", "Running") and not pod["spec"].get("hostNetwork")
    return bool(alive and status.get("podIP"))


def _pod(pod: Json) -> Pod:
    named = [port for each in pod["spec"]["containers"] for port in each.get("ports", []) if "name" in port]
    ports = {port["name"]: port["containerPort"] for port in named}
    metadata = pod["metadata"]
    return Pod(metadata["namespace"], metadata.get("labels") or {}, pod["status"]["podIP"], ports)


def has_chain() -> bool:
    """Whether packets come by here."""
    return succeeds(["iptables", "-C", "FORWARD", "-j", CHAIN])


def main() -> None:
    """Look again and again. Chains of pods that are gone stay, without a jump to them, until `down`."""
    api, last = Api(Places(Path(sys.argv[1]))), ""
    while True:
        try:
            if (now := table(seen(api))) != last:
                run(["iptables-restore", "--noflush"], text=now)
                last = now
            if not has_chain():
                run(["iptables", "-I", "FORWARD", "1", "-j", CHAIN])
        except (OSError, ClusterError) as error:
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main()
