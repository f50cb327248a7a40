"""Memory and CPU of process trees, and which of the sandbox's descendants belong to which pod."""

import time
from dataclasses import dataclass
from typing import Any

import psutil

SAMPLE = 0.25  # seconds over which CPU use is measured
Tree = list[psutil.Process]

# Set by the sandbox in every process of a pod.
_POD_UID, _NAMESPACE, _NAME = "STOREPLANE_SANDBOX_POD", "STOREPLANE_SANDBOX_NAMESPACE", "HOSTNAME"


@dataclass(frozen=True)
class Pod:
    """The processes of one container of a pod."""

    namespace: str
    name: str
    tree: Tree


def tree_of(pid: int | None) -> Tree:
    """The process and all its descendants; empty when it is gone."""
    if pid is None:
        return []
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return []


def split_pods(tree: Tree) -> tuple[Tree, list[Pod]]:
    """The sandbox's own processes, and those of the pods that it runs."""
    pods: list[Pod] = []
    in_pods: set[int] = set()
    for process in tree:
        if process.pid not in in_pods and (variables := _pod_variables(process)):
            members = tree_of(process.pid)
            in_pods |= {member.pid for member in members}
            pods.append(Pod(variables[_NAMESPACE], variables.get(_NAME, ""), members))
    return [process for process in tree if process.pid not in in_pods], sorted(
        pods, key=lambda p: (p.namespace, p.name)
    )


def measure(trees: list[Tree]) -> list[dict[str, Any]]:
    """For each tree rss_bytes, pss_bytes, cpu_percent and cpu_seconds; all None for an empty one."""
    before = [_cpu(tree) for tree in trees]
    time.sleep(SAMPLE)
    return [_usage(tree, earlier) for tree, earlier in zip(trees, before, strict=True)]


def _usage(tree: Tree, earlier: float) -> dict[str, Any]:
    if not tree:
        return dict.fromkeys(("rss_bytes", "pss_bytes", "cpu_percent", "cpu_seconds"))
    cpu, (rss, pss) = _cpu(tree), _memory(tree)
    percent = round(max(cpu - earlier, 0) / SAMPLE * 100, 1)
    return {"rss_bytes": rss, "pss_bytes": pss, "cpu_percent": percent, "cpu_seconds": round(cpu, 2)}


def _cpu(tree: Tree) -> float:
    total = 0.0
    for process in tree:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def _memory(tree: Tree) -> tuple[int, int]:
    """RSS counts shared pages in each process that has them, PSS shares them out; a process that hides its PSS (one
    of another uid) counts with its RSS.
    """
    rss = pss = 0
    for process in tree:
        try:
            own = process.memory_info().rss
        except psutil.Error:
            continue
        rss += own
        try:
            pss += process.memory_full_info().pss
        except (psutil.Error, OSError):
            pss += own
    return rss, pss


def _pod_variables(process: psutil.Process) -> dict[str, str]:
    try:
        found = process.environ()
    except (psutil.Error, OSError):
        return {}
    return found if _POD_UID in found and _NAMESPACE in found else {}
