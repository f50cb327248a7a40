"""Claims about the Job that comes before all processes: what it does, when, and with whose rights."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.mirror.schema import crd
from tests.charts.platform.variants import EXTERNAL, rendered
from tests.charts.rendering import containers, one, pod_templates, render_platform

HELM_SECONDS = 300
"""How long Helm waits for a hook, unless it is told otherwise."""


def steps(job: dict[str, Any]) -> list[str]:
    """The commands of `manage.py`, in their order."""
    return [container["command"][2] for container in containers(job["spec"]["template"]["spec"])]


def test_the_jobs_role_is_for_one_definition() -> None:
    rules = one(render_platform(), "ClusterRole", "storeplane-definition")["rules"]
    group = {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"]}
    name = crd()["metadata"]["name"]
    assert rules == [
        {**group, "verbs": ["create"]},
        {**group, "resourceNames": [name], "verbs": ["get", "list", "watch", "patch", "update"]},
    ]


def test_a_database_of_ones_own_is_migrated_before_everything_else() -> None:
    objects = render_platform(**EXTERNAL)
    job = one(objects, "Job", "storeplane-prepare")
    assert steps(job) == ["migrate", "ensure_admin", "install_crd"]
    hooks = [item for item in objects if "helm.sh/hook" in item["metadata"].get("annotations", {})]
    weights = {
        (item["kind"], item["metadata"]["name"]): int(item["metadata"]["annotations"]["helm.sh/hook-weight"])
        for item in hooks
    }
    assert weights == {
        ("Secret", "storeplane-secrets"): -20,
        ("Secret", "storeplane-prepare"): -10,
        ("ServiceAccount", "storeplane-prepare"): -10,
        ("ClusterRole", "storeplane-definition"): -10,
        ("ClusterRoleBinding", "storeplane-definition"): -10,
        ("NetworkPolicy", "storeplane-prepare"): -10,
        ("Job", "storeplane-prepare"): 0,
    }


@pytest.mark.parametrize("variant", ["servers by URL", "production", "database of an operator, Redis of the chart"])
def test_the_hook_needs_nothing_that_comes_after_it(variant: str) -> None:
    objects = rendered(variant)
    later = {
        (item["kind"], item["metadata"]["name"])
        for item in objects
        if "helm.sh/hook" not in item["metadata"].get("annotations", {})
    }
    (job,) = [item for item in objects if item["kind"] == "Job"]
    spec = job["spec"]["template"]["spec"]
    needed = {("ServiceAccount", spec["serviceAccountName"])}
    for container in containers(spec):
        referred = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each]
        needed |= {("Secret", each["name"]) for each in referred}
    assert needed & later == set()


def test_a_database_of_the_chart_is_migrated_by_a_job_of_the_release_that_waits_for_it() -> None:
    objects = render_platform()
    job = one(objects, "Job", "storeplane-prepare-1")
    assert steps(job) == ["wait_for_migrations", "migrate", "ensure_admin", "install_crd"]
    hooked = {item["kind"] for item in objects if "helm.sh/hook" in item["metadata"].get("annotations", {})}
    # Of the pods that `--wait` waits for none is a hook, and no hook waits for a pod: nothing stands in a circle.
    assert hooked == {"Secret"}


@pytest.mark.parametrize("variant", ["defaults", "production"])
def test_a_job_that_fails_says_so_before_helm_gives_up_and_leaves_its_logs(variant: str) -> None:
    (job,) = [item for item in rendered(variant) if item["kind"] == "Job"]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    # Kubernetes waits 10 s before the second try, and twice as long before each that follows.
    assert sum(10 * 2**tried for tried in range(job["spec"]["backoffLimit"])) < HELM_SECONDS / 2


@pytest.mark.parametrize("variant", ["defaults", "production"])
def test_every_process_waits_for_the_schema(variant: str) -> None:
    for name, template in pod_templates([item for item in rendered(variant) if item["kind"] == "Deployment"]):
        (wait,) = template["spec"]["initContainers"]
        assert wait["command"] == ["python", "manage.py", "wait_for_migrations", "--timeout", "900"], name
