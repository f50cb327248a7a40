"""`status`: which processes run, and what the cluster says of its pods."""

from __future__ import annotations

from collections import Counter

from sandbox.launcher.console import Console
from tests.cluster.api import Api
from tests.cluster.places import NODE, Places
from tests.cluster.processes import ORDER
from tests.cluster.running import found

NOT_UP = 3


def status(places: Places, console: Console) -> int:
    """Tell. Returns 0 when everything runs, else NOT_UP."""
    for name in ORDER:
        pid = found(places, name)
        console.line(f"  {name:<20} {f'pid {pid}' if pid else 'does not run'}")
    if not is_up(places):
        return NOT_UP
    api = Api(places)
    phases = Counter(pod["status"]["phase"] for pod in api.items("/api/v1/pods"))
    told = ", ".join(f"{number} {phase}" for phase, number in sorted(phases.items())) or "none"
    console.line(f"  node {NODE}           {'ready' if api.node_is_ready(NODE) else 'not ready'}")
    console.line(f"  pods                 {told}")
    console.line(f"  kubeconfig           {places.kubeconfig}")
    return 0


def is_up(places: Places) -> bool:
    """Whether every process is there."""
    return all(found(places, name) is not None for name in ORDER)
