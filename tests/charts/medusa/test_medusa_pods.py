"""Claims about the pods of the Medusa chart: what they may do, what they use, when they count as ready."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from provisioner.cluster import Manifest
from tenants.plans import PLANS
from tests.charts.rendering import WORKLOADS, containers, one, pod_templates, render, render_upgrade

SERVING = ["backend", "postgres", "storefront"]
PODS = [*SERVING, "migrate"]
_UNITS = {"m": Decimal("0.001"), "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9}


def pod(name: str) -> Manifest:
    """The spec of the pods of one workload."""
    (spec,) = [template["spec"] for each, template in pod_templates(render_upgrade()) if each.partition("-")[0] == name]
    return dict(spec)


def amount(quantity: str) -> Decimal:
    """A Kubernetes quantity as a number."""
    for unit, factor in _UNITS.items():
        if quantity.endswith(unit):
            return Decimal(quantity.removesuffix(unit)) * factor
    return Decimal(quantity)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_passes_pod_security_restricted(name: str) -> None:
    spec = pod(name)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= {"emptyDir", "configMap"}
    for container in containers(spec):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not any("hostPort" in port for port in container.get("ports", []))


@pytest.mark.parametrize("name", PODS)
def test_a_pod_can_write_only_to_its_volumes_and_knows_no_token(name: str) -> None:
    spec = pod(name)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    for container in containers(spec):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]  # noqa: S108
    assert all("sizeLimit" in volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_stops_soon(name: str) -> None:
    assert pod(name)["terminationGracePeriodSeconds"] <= 15


@pytest.mark.parametrize("name", SERVING)
def test_a_pod_is_asked_every_second_until_it_is_ready(name: str) -> None:
    (container,) = pod(name)["containers"]
    startup = container["startupProbe"]
    assert startup["periodSeconds"] == 1
    assert startup["failureThreshold"] >= 120
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()


def test_ready_means_a_real_answer() -> None:
    backend, shop = pod("backend")["containers"][0], pod("storefront")["containers"][0]
    for probe in ("startupProbe", "readinessProbe"):
        assert backend[probe]["httpGet"] == {"path": "/ready", "port": "http"}
        assert shop[probe]["httpGet"] == {"path": "/", "port": "http"}
    assert backend["livenessProbe"]["httpGet"]["path"] == "/health"


def test_the_database_is_asked_where_the_pod_listens_without_a_shell() -> None:
    (database,) = pod("postgres")["containers"]
    assert database["startupProbe"]["exec"]["command"] == ["pg_isready", "-U", "medusa", "-d", "medusa", "-q"]
    assert {"name": "PGHOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}} in database["env"]


def test_medusa_may_use_a_whole_core_to_start_in() -> None:
    for plan in PLANS.values():
        assert plan.backend.cpu_limit >= 1000
        assert plan.backend.memory_limit >= 512


@pytest.mark.parametrize(
    ("before", "after"), [(None, None), *itertools.product(PLANS, repeat=2)], ids=lambda plan: plan or "defaults"
)
def test_the_pods_fit_the_quota_at_each_moment_of_a_change_of_plan(before: str | None, after: str | None) -> None:
    """Helm sets the new quota first: it must hold the pods that are there and, one by one, those that replace them."""
    old, new = (render_upgrade(**(PLANS[plan].chart_values() if plan else {})) for plan in (before, after))
    hard = one(new, "ResourceQuota", "store")["spec"]["hard"]
    used = dict.fromkeys(["requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "pods"], Decimal(0))
    for item in new:
        if item["kind"] not in WORKLOADS:
            continue
        now = _of_workload(item)
        # A Job of another plan has another name: nothing is there of it.
        there = _of_workload(one(old, item["kind"], item["metadata"]["name"])) if item["kind"] != "Job" else {}
        surge = "rollingUpdate" in item["spec"].get("strategy", {})
        for name, amounts in now.items():
            used[name] += amounts + there[name] if surge else max(amounts, there.get(name, amounts))
    assert {name: value for name, value in used.items() if value > amount(hard[name])} == {}


@pytest.mark.parametrize(
    ("plan", "volume"), [(None, ""), *itertools.product(PLANS, ["", "512Mi", "20Gi", "12.5Gi", "107374182400"])]
)
def test_volume_and_services_fit_the_quota(plan: str | None, volume: str) -> None:
    objects = render(**(PLANS[plan].chart_values(volume) if plan else {}))
    hard = one(objects, "ResourceQuota", "store")["spec"]["hard"]
    (claim,) = one(objects, "StatefulSet", "postgres")["spec"]["volumeClaimTemplates"]
    assert amount(claim["spec"]["resources"]["requests"]["storage"]) * 2 <= amount(hard["requests.storage"])
    assert sum(item["kind"] == "Service" for item in objects) <= amount(hard["services"])


@pytest.mark.parametrize(
    ("tls", "hard", "ports"), [(False, {}, "0"), (True, {}, "2"), (True, {"services.nodeports": "0"}, "0")]
)
def test_only_with_tls_is_there_room_for_the_service_by_which_cert_manager_proves_the_host(
    tls: bool, hard: dict[str, str], ports: str
) -> None:
    """Its solver's Service is of type NodePort by default (cert-manager#928); a quota of none means no certificate."""
    ingress = {"tls": {"enabled": tls}}
    for plan in (None, *PLANS.values()):
        of_plan = plan.chart_values()["quota"]["hard"] if plan else {}
        objects = render(ingress=ingress, quota={"hard": {**of_plan, **hard}})
        quota = one(objects, "ResourceQuota", "store")["spec"]["hard"]
        assert quota["services.nodeports"] == ports
        assert quota["services.loadbalancers"] == "0"
        assert sum(item["kind"] == "Service" for item in objects) + 2 <= amount(quota["services"])


@pytest.mark.parametrize("name", ["backend", "storefront"])
def test_a_rollout_never_takes_the_last_pod_away(name: str) -> None:
    assert one(render(), "Deployment", name)["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


@pytest.mark.parametrize("name", ["backend", "storefront"])
def test_a_pod_goes_on_serving_until_proxies_have_heard_that_it_ends(name: str) -> None:
    spec = pod(name)
    assert spec["containers"][0]["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "3"]}}}
    assert spec["terminationGracePeriodSeconds"] >= 3 + 5
    (at_once,) = one(render(drainSeconds=0), "Deployment", name)["spec"]["template"]["spec"]["containers"]
    assert "lifecycle" not in at_once


def test_a_disruption_budget_comes_only_with_more_than_one_replica() -> None:
    assert "PodDisruptionBudget" not in {item["kind"] for item in render()}
    budget = one(render(replicas={"storefront": 2}), "PodDisruptionBudget", "storefront")
    assert budget["spec"]["maxUnavailable"] == 1


def _of_workload(item: Manifest) -> dict[str, Decimal]:
    """What the pods of one workload have while none of them is replaced."""
    count = Decimal(item["spec"].get("replicas", 1))
    spec = item["spec"]["template"]["spec"]
    both = itertools.product(("requests", "limits"), ("cpu", "memory"))
    return {"pods": count, **{f"{side}.{what}": count * _of_pod(spec, side, what) for side, what in both}}


def _of_pod(spec: Manifest, side: str, resource: str) -> Decimal:
    """What the scheduler and the quota count: the sum of the containers, or the largest that prepares the pod."""
    together = sum(amount(container["resources"][side][resource]) for container in spec["containers"])
    preparing = [amount(container["resources"][side][resource]) for container in spec.get("initContainers", [])]
    return max([Decimal(together), *preparing])
