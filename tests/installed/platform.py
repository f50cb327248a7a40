"""The installed platform, as its users reach it: through the Ingress of its own chart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import DEPLOYMENT, POD, STATEFUL_SET
from provisioner.helm.actions import ReleaseActions
from tests.chaos.waiting import until
from tests.charts.rendering import PLATFORM, over, platform_values

CHART = PLATFORM
RELEASE, SPACE, HOST = "storeplane", "shops", "storeplane.localhost"
"""The namespace isn't the one where the account lies that the sandbox gives the platform."""

PATIENCE_SECONDS = 300.0
HELM_SECONDS = 300.0
"""Helm's own default."""

Json = dict[str, Any]


@dataclass
class Platform:
    """One release of the chart: one of its files of values, and over it what is special about this machine."""

    cluster: Cluster
    helm: ReleaseActions
    port: int
    file: str
    ours: Json
    headers: dict[str, str] = field(default_factory=dict)
    """Who asks."""

    def values(self, **more: Json) -> Json:
        """As of `helm -f FILE -f OURS -f MORE`."""
        return platform_values(self.file, **over(self.ours, more))

    def install(self) -> None:
        """`helm install`, and until it serves."""
        self.helm.install(RELEASE, SPACE, CHART, self.values(), deadline=HELM_SECONDS)
        self.wait_until_up()

    def upgrade(self, **more: Json) -> None:
        """`helm upgrade` with these values on top, and until the new pods serve. Raises HelmError."""
        self.helm.upgrade(RELEASE, SPACE, CHART, self.values(**more), deadline=HELM_SECONDS)
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Until every workload has all its pods ready, and the platform says of itself that it is well."""
        until(lambda: not self.missing(), lambda: f"the pods: {self.missing()} {self.troubles()}", PATIENCE_SECONDS)
        until(lambda: self.call("GET", "/health").status_code == httpx.codes.OK, self._health, PATIENCE_SECONDS)

    def missing(self) -> list[str]:
        """The workloads that are not what their spec says."""
        found = [*self.cluster.list(DEPLOYMENT, SPACE), *self.cluster.list(STATEFUL_SET, SPACE)]
        return [each["metadata"]["name"] for each in found if not _is_up(each)]

    def troubles(self) -> list[str]:
        """What the containers of pods that aren't ready are at, for an error message."""
        waiting = [pod for pod in self.pods() if not _is_ready(pod)]
        return [f"{pod['metadata']['name']}: {_containers(pod)}" for pod in waiting]

    def pods(self) -> list[Manifest]:
        return list(self.cluster.list(POD, SPACE))

    def call(self, method: str, path: str, body: Json | None = None, host: str = HOST) -> httpx.Response:
        """One request through the cluster's ingress controller."""
        headers = {"Host": f"{host}:{self.port}", **self.headers}
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, json=body, timeout=30)

    def sign_in(self, password: str) -> None:
        """What NOTES.txt says: as `admin`, who makes a token for programs, by which everything else is asked."""
        headers = {"Host": f"{HOST}:{self.port}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30) as browser:
            browser.get("/api-auth/login/").raise_for_status()
            form = {"username": "admin", "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            assert browser.post("/api-auth/login/", data=form).status_code == httpx.codes.FOUND
            asked = {"X-CSRFToken": browser.cookies["csrftoken"]}
            made = browser.post("/tokens", json={"name": "shop-maker"}, headers=asked).raise_for_status()
        self.headers = {"Authorization": f"Bearer {made.json()['token']}"}

    def store(self, name: str) -> Json:
        """The store's page; an empty object once it is gone. A moment without an answer counts as nothing seen."""
        answer = self.call("GET", f"/stores/{name}")
        return dict(answer.json()) if answer.status_code == httpx.codes.OK else {}

    def wait_for(self, name: str, phase: str) -> Json:
        return until(
            lambda: (store := self.store(name)).get("phase") == phase and store,
            lambda: f"{name} to be {phase}: {self.store(name)}",
            PATIENCE_SECONDS,
        )

    def _health(self) -> str:
        return f"the platform to be well: {self.call('GET', '/health').text}"


def _is_up(workload: Manifest) -> bool:
    status, wanted = workload.get("status", {}), workload["spec"]["replicas"]
    seen = status.get("observedGeneration") == workload["metadata"]["generation"]
    numbers = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas"))
    return bool(seen and all(number == wanted for number in numbers))


def _is_ready(pod: Manifest) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _containers(pod: Manifest) -> dict[str, Json]:
    status = pod.get("status", {})
    found = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return {each["name"]: each["state"] for each in found if not each["ready"]}
