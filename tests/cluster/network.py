"""The bridge that pods hang on, the kernel's settings that they need, and how containerd is told of both."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cluster.commands import ClusterError, remove, run, succeeds
from tests.cluster.firewall import clean, holds_a_kubernetes
from tests.cluster.places import BRIDGE, GATEWAY, POD_RANGE, Places

NAME = "storeplane"
"""The network's, by which the plugins file what they gave to whom."""

# What the kubelet, kube-proxy or this tool sets; `down` puts back what was there.
SYSCTLS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/bridge/bridge-nf-call-iptables",
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
)
_PROC = Path("/proc/sys")
_RESULTS = Path("/var/lib/cni/results")


def require_room() -> None:
    """Raises ClusterError when another cluster's rules are here: two would fight over them."""
    if holds_a_kubernetes():
        raise ClusterError("iptables holds the chains of a Kubernetes that isn't this tool's; there is room for one.")
    if not (_PROC / "net/bridge").exists() and not succeeds(["modprobe", "br_netfilter"]):
        raise ClusterError("The kernel has no br_netfilter, without which Services don't work between pods.")


def make_network(places: Places) -> None:
    """The bridge with the node's address, forwarding, and the plugins' configuration."""
    _remember(places.run / "sysctls.json")
    (_PROC / "net/ipv4/ip_forward").write_text("1")
    (_PROC / "net/bridge/bridge-nf-call-iptables").write_text("1")
    if not has_bridge():
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
        run(["ip", "address", "add", f"{GATEWAY}/24", "dev", BRIDGE])
        run(["ip", "link", "set", BRIDGE, "up"])
    folder = places.run / "cni"
    folder.mkdir(exist_ok=True)
    (folder / "10-storeplane.conflist").write_text(json.dumps(plugins(places), indent=1))
    (places.run / "resolv.conf").write_text(f"nameserver {GATEWAY}\n")


def plugins(places: Places) -> dict[str, object]:
    """The network plugins and their order."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": POD_RANGE, "gateway": GATEWAY}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(places.run / "addresses"),
    }
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": NAME, "plugins": [{**bridge, "ipam": addresses}, ports]}


def has_bridge() -> bool:
    return Path("/sys/class/net", BRIDGE).exists()


def remove_network(places: Places) -> None:
    """The bridge, the rules, the plugins' notes; and the kernel's settings are as they were."""
    if has_bridge():
        run(["ip", "link", "delete", BRIDGE])
    clean()
    for note in _RESULTS.glob(f"{NAME}-*"):
        note.unlink()
    for folder in (_RESULTS, _RESULTS.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    _put_back(places.run / "sysctls.json")


def _remember(path: Path) -> None:
    """The settings as they are before the first start."""
    if not path.exists():
        found = {name: (_PROC / name).read_text().strip() for name in SYSCTLS if (_PROC / name).exists()}
        path.write_text(json.dumps(found))


def _put_back(path: Path) -> None:
    if path.exists():
        for name, value in json.loads(path.read_text()).items():
            if (_PROC / name).read_text().strip() != value:
                (_PROC / name).write_text(value)
        remove(path)
