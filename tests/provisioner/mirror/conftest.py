"""A real API server with the Store definition, a gateway that remembers what it was asked, a person with kubectl."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from provisioner import cluster as gateways
from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import EVENT, STORE
from provisioner.cluster.transport import Request, Transport

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

LOOKS = ("get", "list", "watch")


class Remembering(Transport):
    """A transport that keeps the verb and the resource of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    @contextmanager
    def opened(self, request: Request) -> Iterator[BaseHTTPResponse]:
        subresource = "/status" if request.path.endswith("/status") else ""
        self.asked.append(f"{request.verb} {request.kind.plural}{subresource}")
        with super().opened(request) as response:
            yield response


class Remembered(Cluster):
    """The gateway on such a transport."""

    def __init__(self) -> None:
        self.transport = Remembering()
        super().__init__(self.transport)

    def forget(self) -> None:
        """Nothing was asked yet."""
        self.transport.asked.clear()

    @property
    def asked(self) -> list[str]:
        """All requests in order."""
        return list(self.transport.asked)

    @property
    def writes(self) -> list[str]:
        """Those that change something."""
        return [each for each in self.transport.asked if each.split()[0] not in LOOKS]


class Person:
    """Somebody who changes resources with a field manager of their own."""

    MANAGER = "kubectl-client-side-apply"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def makes(self, name: str, *, metadata: Manifest | None = None, **spec: Any) -> Manifest:
        """A new resource."""
        whole = store_resource(name, {"engine": "medusa", **spec})
        whole["metadata"] |= metadata or {}
        return self._cluster.create(whole, field_manager=self.MANAGER)

    def sets(self, name: str, **spec: Any) -> Manifest:
        """Other values in the spec of a resource that is there."""
        return self._cluster.apply(store_resource(name, spec), field_manager="kubectl-edit")

    def sets_status(self, name: str, **status: Any) -> Manifest:
        """Other values in the status."""
        whole = {**store_resource(name, {}), "status": status}
        del whole["spec"]
        return self._cluster.apply(whole, field_manager="kubectl-edit", subresource="status")

    def deletes(self, name: str) -> None:
        """kubectl delete --wait=false."""
        self._cluster.delete(STORE, name)

    def deletes_by_force(self, name: str) -> None:
        """A deletion, and the finalizer taken away."""
        self.deletes(name)
        self._cluster.patch_merge(STORE, name, None, {"metadata": {"finalizers": None}})
        assert self._cluster.wait_gone(STORE, name, timeout=60)


def store_resource(name: str, spec: Manifest) -> Manifest:
    """A manifest as people write it."""
    return {"apiVersion": "storeplane.dev/v1", "kind": "Store", "metadata": {"name": name}, "spec": spec}


def condition(resource: Manifest | None, type_: str) -> Manifest:
    """The condition of that type; empty when there is none."""
    conditions = ((resource or {}).get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == type_), {})


@pytest.fixture
def api(kube_api: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remembered]:
    """The gateway; what the engine keeps for a process is that cluster too. No resource is left behind."""
    given = "KUBECONFIG" in os.environ
    monkeypatch.setenv("KUBECONFIG", str(kube_api))
    gateways.cluster.cache_clear()
    call_command("install_crd", stdout=StringIO())
    gateway = Remembered()
    if given and any(True for _ in gateway.list(STORE)):
        pytest.skip("the cluster has stores, which these tests would take for theirs")
    _clean(gateway)
    gateway.forget()
    yield gateway
    _clean(gateway)
    gateways.cluster.cache_clear()


def _clean(cluster: Cluster) -> None:
    for resource in list(cluster.list(STORE)):
        name = resource["metadata"]["name"]
        cluster.delete(STORE, name)
        if cluster.get(STORE, name) is not None:
            cluster.patch_merge(STORE, name, None, {"metadata": {"finalizers": None}})
    for event in list(cluster.list(EVENT, "default")):
        if event["involvedObject"]["kind"] == "Store":
            cluster.delete(EVENT, event["metadata"]["name"], "default")


@pytest.fixture
def person(api: Remembered) -> Person:
    """Somebody with kubectl."""
    return Person(api)
