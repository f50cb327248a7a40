"""A sandbox without its HTTP API, for tests: a registry in memory, controllers, real pod processes, an ingress."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from sandbox.api.errors import ApiError
from sandbox.api.registry import Registry
from sandbox.controllers.objects import find_condition
from sandbox.node.addresses import claim_block
from sandbox.node.leftovers import marked_processes
from sandbox.node.process_runtime import remove_tree
from sandbox.plane import Plane, PlaneSettings

Obj = dict[str, Any]

IMAGES = Path(__file__).parent / "images"
NAMESPACE = "shop"
WAIT_SECONDS = 90.0
_GROUPS = {
    "Deployment": ("deployments", "apps"),
    "ReplicaSet": ("replicasets", "apps"),
    "StatefulSet": ("statefulsets", "apps"),
    "Job": ("jobs", "batch"),
    "Ingress": ("ingresses", "networking.k8s.io"),
    "PodDisruptionBudget": ("poddisruptionbudgets", "policy"),
    "EndpointSlice": ("endpointslices", "discovery.k8s.io"),
    "PersistentVolumeClaim": ("persistentvolumeclaims", ""),
    "PersistentVolume": ("persistentvolumes", ""),
    "Endpoints": ("endpoints", ""),
}


class World:
    """The verbs of a test. Objects live in the namespace `shop` unless they say otherwise."""

    def __init__(self, registry: Registry, plane: Plane, ingress_port: int) -> None:
        self.registry, self.plane, self.ingress_port = registry, plane, ingress_port
        self.state = plane.settings.state

    def resource(self, kind: str) -> Any:
        """The registry's resource of a kind."""
        plural, group = _GROUPS.get(kind, (f"{kind.lower()}s", ""))
        return self.registry.resource(plural, group)

    def create(self, obj: Obj) -> Obj:
        """Create an object in its namespace."""
        namespace = obj["metadata"].setdefault("namespace", NAMESPACE)
        return self.registry.create(self.resource(obj["kind"]), namespace, obj)

    def get(self, kind: str, name: str) -> Obj | None:
        """An object, or None."""
        resource = self.resource(kind)
        with contextlib.suppress(ApiError):
            return self.registry.get(resource, NAMESPACE if resource.namespaced else None, name)
        return None

    def list(self, kind: str) -> list[Obj]:
        """All objects of a kind."""
        items: list[Obj] = self.registry.list(self.resource(kind))["items"]
        return items

    def merge(self, kind: str, name: str, patch: Obj) -> Obj:
        """Apply a merge patch."""
        return self.registry.patch(self.resource(kind), NAMESPACE, name, patch, "merge")

    def delete(self, kind: str, name: str, grace_seconds: int | None = None) -> None:
        """Delete with background propagation, as kubectl does."""
        options: Obj = {"propagationPolicy": "Background"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        self.registry.delete(self.resource(kind), NAMESPACE, name, options=options)

    def pods(self, prefix: str = "") -> list[Obj]:
        """Pods whose name begins so."""
        return [pod for pod in self.list("Pod") if pod["metadata"]["name"].startswith(prefix)]

    def files(self, folder: str = "") -> set[str]:
        """All files and folders below a folder of the state."""
        return {str(found.relative_to(self.state)) for found in (self.state / folder).rglob("*")}

    def events(self, reason: str) -> list[Obj]:
        """Events with this reason."""
        return [event for event in self.list("Event") if event["reason"] == reason]

    async def until(self, check: Callable[[], Any], what: str = "") -> Any:
        """Wait until `check` returns something true, and return that."""
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_SECONDS
        while not (found := check()):
            assert loop.time() < end, f"waited {WAIT_SECONDS:g} s in vain for {what or check}"
            await asyncio.sleep(0.01)
        return found

    async def ready_pod(self, name: str, *, unlike: str = "") -> Obj:
        """Wait for a ready pod whose name begins so; `unlike` is the uid of one that doesn't count."""

        def found() -> Obj | None:
            return next((p for p in self.pods(name) if is_ready(p) and p["metadata"]["uid"] != unlike), None)

        pod: Obj = await self.until(found, f"a ready pod {name}")
        return pod

    async def fetch(self, path: str, host: str = "shop.localhost", **more: Any) -> httpx.Response:
        """A GET through the ingress."""
        async with httpx.AsyncClient(timeout=60) as client:
            url = f"http://127.0.0.1:{self.ingress_port}{path}"
            return await client.get(url, headers={"Host": host, **more})

    async def ask(self, pod: Obj, path: str, port: int = 8080) -> httpx.Response:
        """A GET straight to a pod."""
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.get(f"http://{pod['status']['podIP']}:{port}{path}")


def is_ready(pod: Obj) -> bool:
    """Whether the pod's Ready condition is True and it isn't going away."""
    condition = find_condition((pod.get("status") or {}).get("conditions"), "Ready")
    return bool(condition and condition["status"] == "True" and "deletionTimestamp" not in pod["metadata"])


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """A running plane; afterwards no process of it is left."""
    state = Path(tempfile.mkdtemp(prefix="sandbox-"))
    block = claim_block(state)
    registry = Registry(service_cidr=block.service_cidr)
    settings = PlaneSettings(state=state, images=(IMAGES,), variables={"python": sys.executable})
    plane = Plane(registry, block, settings)
    port = await plane.start()
    make_namespace(registry)
    try:
        yield World(registry, plane, port)
    finally:
        await plane.stop()
        block.close()
        registry.close()
        left = marked_processes(state)
        remove_tree(state)
    assert left == []


def make_namespace(registry: Registry) -> None:
    """The namespace of the tests."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    registry.create(registry.resource("namespaces"), None, namespace)


def container(**more: Any) -> Obj:
    """The test server as a container, ready as soon as it answers."""
    probe = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 1}
    base = {
        "name": "web",
        "image": "test/web:1",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "startupProbe": {**probe, "failureThreshold": 30},
        "readinessProbe": probe,
    }
    return {**base, **more}


def pod(name: str = "web", spec: Obj | None = None, **more: Any) -> Obj:
    """A pod of the test server."""
    labels = {"app": name}
    made = {"containers": [container(**more)], "terminationGracePeriodSeconds": 10, **(spec or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": made}


def deployment(name: str = "web", replicas: int = 1, **more: Any) -> Obj:
    """A Deployment of the test server."""
    template = {"metadata": {"labels": {"app": name}}, "spec": pod(name, **more)["spec"]}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def stateful_set(name: str = "db", replicas: int = 1, **more: Any) -> Obj:
    """A StatefulSet of the test server with a volume at /data."""
    mounts = [{"name": "data", "mountPath": "/data"}]
    made = deployment(name, replicas, volumeMounts=mounts, **more)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    made["kind"] = "StatefulSet"
    made["spec"] |= {
        "serviceName": name,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
    }
    return made


def service(name: str = "web", port: int = 8000, **more: Any) -> Obj:
    """A Service in front of the pods labelled with its name."""
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": "http"}], **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ingress(host: str = "shop.localhost", name: str = "web", port: int = 8000, path: str = "/") -> Obj:
    """An Ingress with one prefix."""
    backend = {"service": {"name": name, "port": {"number": port}}}
    rule = {"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}
    api = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}
    return {**api, "metadata": {"name": f"{name}-{host.partition('.')[0]}"}, "spec": {"rules": [rule]}}
