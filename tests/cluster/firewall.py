"""Takes away what the kubelet, kube-proxy, the plugins and `policies.py` put into iptables, and nothing else."""

from __future__ import annotations

import re
import shutil

from tests.cluster.commands import run

_OURS = re.compile(r"(KUBE|CNI|STOREPLANE)-")
_TABLES = ("nat", "filter", "mangle")
_VARIANTS = ("iptables", "ip6tables")


def removal(saved: str) -> str:
    """What `iptables-restore --noflush` must read to undo the chains in the output of `iptables-save`."""
    out: list[str] = []
    chains: list[str] = []
    for line in saved.splitlines():
        match line.split():
            case [table] if table.startswith("*"):
                out, chains = [*out, line], []
            case [chain, *_] if chain.startswith(":") and _OURS.match(chain[1:]):
                chains.append(chain[1:])
            case ["-A", chain, *_] if not _OURS.match(chain) and _jumps_to_ours(line):
                out.append(f"-D{line[2:]}")
            case ["COMMIT"]:
                # Emptied first: a chain that another one jumps to can't be removed.
                out += [*(f"-F {chain}" for chain in chains), *(f"-X {chain}" for chain in chains), line]
    return "\n".join([*out, ""])


def _jumps_to_ours(rule: str) -> bool:
    return re.search(r"\s-[jg]\s+(KUBE|CNI|STOREPLANE)-", rule) is not None


def holds_a_kubernetes() -> bool:
    """Whether some kube-proxy has left, or keeps, its chains here."""
    return ":KUBE-SERVICES" in run(["iptables-save", "-t", "nat"])


def clean() -> None:
    """Remove all chains of Kubernetes and of CNI."""
    for variant in _VARIANTS:
        if shutil.which(f"{variant}-save"):
            for table in _TABLES:
                words = removal(run([f"{variant}-save", "-t", table]))
                run([f"{variant}-restore", "--noflush"], text=words)
