"""The Node object of this machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from sandbox.api.errors import ApiError
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import Obj, stamp, with_condition
from sandbox.node.host import NODE_NAME

_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def register(cluster: Cluster, node_ip: str, runtime: str) -> Obj:
    """Make the Node or bring it up to date. There is no heartbeat: a node that is gone takes the API with it."""
    cache = cluster.cache("nodes")
    labels = {
        "kubernetes.io/hostname": NODE_NAME,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
    }
    meta = {"name": NODE_NAME, "labels": labels}
    try:
        node = cluster.registry.get(cache.resource, None, NODE_NAME)
    except ApiError:
        node = cluster.create(cache, {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}})
    return cluster.set_status(cache, node, _status(node, node_ip, runtime))


def _status(node: Obj, node_ip: str, runtime: str) -> Obj:
    capacity = {
        "cpu": str(os.cpu_count() or 1),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 1024}Ki",
        "pods": "10000",
    }
    conditions: list[Obj] = (node.get("status") or {}).get("conditions") or []
    for kind, status, reason, message in _CONDITIONS:
        new = {"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": stamp()}
        conditions = with_condition(conditions, new)
    return {
        "capacity": capacity,
        "allocatable": capacity,
        "conditions": conditions,
        "addresses": [{"type": "InternalIP", "address": node_ip}, {"type": "Hostname", "address": NODE_NAME}],
        "nodeInfo": {
            "architecture": platform.machine(),
            "bootID": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            "containerRuntimeVersion": f"storeplane-sandbox-{runtime}://0.1.0",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": "v1.36.0",
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "Storeplane sandbox",
            "systemUUID": "",
        },
    }
