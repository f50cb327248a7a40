"""Claims about the platform's pods: what they run, what they may do, what they are told, when they count as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.celery import HARD_LIMIT_SECONDS
from sandbox.api.admission.podsecurity import violations
from sandbox.launcher.home import Home
from sandbox.launcher.options import Options
from sandbox.launcher.processes import platform_processes
from tests.charts.platform.variants import VARIANTS, environment, main_of, rendered, spec_of
from tests.charts.rendering import RELEASE, SYSTEM, containers, one, pod_templates, render_platform

WORKERS = ["worker-provision", "worker-teardown", "worker-events"]
PROCESSES = ["web", *WORKERS, "beat", "watcher"]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - in a pod, whose policies say who comes in
ASKING = ["web", *WORKERS, "watcher"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_pod_passes_pod_security_restricted(variant: str) -> None:
    for name, template in pod_templates(rendered(variant)):
        assert violations("restricted", template["spec"]) == [], name


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_pod_can_write_only_to_its_volumes(variant: str) -> None:
    for name, template in pod_templates(rendered(variant)):
        spec = template["spec"]
        assert spec["enableServiceLinks"] is False
        for container in containers(spec):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert {"requests", "limits"} <= container["resources"].keys()
            assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]  # noqa: S108
        assert all("sizeLimit" in volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume)


def test_only_who_asks_the_cluster_has_a_token() -> None:
    with_token = {
        name: template["spec"].get("serviceAccountName")
        for name, template in pod_templates(render_platform())
        if template["spec"]["automountServiceAccountToken"]
    }
    assert with_token == {
        **{f"{RELEASE}-{process}": RELEASE for process in ASKING},
        f"{RELEASE}-prepare-1": f"{RELEASE}-prepare",
    }


def test_with_another_cluster_a_kubeconfig_takes_the_tokens_place() -> None:
    objects = rendered("another cluster")
    for name, template in pod_templates(objects):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False
        mounts = {mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
        asks = name.removeprefix(f"{RELEASE}-") in [*ASKING, "prepare-1"]
        assert ("kubeconfig" in mounts) is asks, name
        assert (environment(spec["containers"][0]).get("KUBECONFIG") == "/etc/storeplane/kubeconfig") is asks, name


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_started_as_the_launcher_starts_it(process: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    table = {spec.name: spec for spec in platform_processes(home, Options(port=8000))}
    python, *words = table[process].argv
    here = {"127.0.0.1": EVERYWHERE, str(home.root / "beat" / "schedule"): "/var/lib/storeplane/beat/schedule"}
    assert python.rpartition("/")[2].startswith("python")
    assert main_of(process)["command"] == ["python", *(here.get(word, word) for word in words)]
    assert environment(main_of(process)).get("REMAP_SIGTERM") == table[process].env.get("REMAP_SIGTERM")


@pytest.mark.parametrize("process", WORKERS)
def test_a_worker_has_longer_than_its_longest_task_to_stop(process: str) -> None:
    assert spec_of(process)["terminationGracePeriodSeconds"] > HARD_LIMIT_SECONDS


@pytest.mark.parametrize("process", PROCESSES)
def test_a_rollout_never_takes_the_last_pod_away_but_of_beat(process: str) -> None:
    deployment = one(render_platform(), "Deployment", f"{RELEASE}-{process}")["spec"]
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert deployment["strategy"] == ({"type": "Recreate"} if process == "beat" else rolling)
    assert process != "beat" or deployment["replicas"] == 1


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_knows_its_namespace_and_counts_in_a_folder_of_its_own(process: str) -> None:
    told = environment(main_of(process))
    assert told["STOREPLANE_NAMESPACE"] == SYSTEM
    volumes = {volume["name"]: volume for volume in spec_of(process)["volumes"]}
    mounted = {mount["mountPath"]: mount["name"] for mount in main_of(process)["volumeMounts"]}
    assert "emptyDir" in volumes[mounted[told["PROMETHEUS_MULTIPROC_DIR"]]]


@pytest.mark.parametrize("process", PROCESSES[1:])
def test_a_process_without_requests_is_asked_at_its_port_of_metrics(process: str) -> None:
    container = main_of(process)
    told = environment(container)
    (port,) = container["ports"]
    assert (told["STOREPLANE_METRICS_PORT"], told["STOREPLANE_METRICS_HOST"]) == (
        str(port["containerPort"]),
        EVERYWHERE,
    )
    assert port["name"] == "metrics"
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/live", "port": "metrics"}


@pytest.mark.parametrize("variant", ["defaults", "production", "without ingress"])
def test_webs_probes_say_a_host_that_is_allowed(variant: str) -> None:
    web = main_of("web", rendered(variant))
    allowed = environment(web)["STOREPLANE_ALLOWED_HOSTS"].split(",")
    paths = {}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        get = web[probe]["httpGet"]
        (header,) = get["httpHeaders"]
        assert header["name"] == "Host"
        assert header["value"] in allowed
        paths[probe] = get["path"]
    assert paths == {
        "startupProbe": "/health/live",
        "readinessProbe": "/health/serving",
        "livenessProbe": "/health/live",
    }


def test_a_pods_address_is_a_host_too_for_prometheus_says_no_other() -> None:
    web = main_of("web")
    names = [variable["name"] for variable in web["env"]]
    # Kubernetes fills in what stands before.
    assert names.index("POD_IP") < names.index("STOREPLANE_ALLOWED_HOSTS")
    assert {"$(POD_IP)", "[$(POD_IP)]"} <= set(environment(web)["STOREPLANE_ALLOWED_HOSTS"].split(","))


def test_a_disruption_budget_comes_only_with_more_than_one_replica() -> None:
    def budgets(variant: str) -> set[str]:
        return {item["metadata"]["name"] for item in rendered(variant) if item["kind"] == "PodDisruptionBudget"}

    assert budgets("defaults") == set()
    assert budgets("many of each") == {f"{RELEASE}-{name}" for name in ["web", *WORKERS, "watcher"]}
    assert budgets("production") == {f"{RELEASE}-{name}" for name in ["web", *WORKERS, "watcher"]}


def test_with_autoscaling_the_number_of_web_pods_is_the_autoscalers() -> None:
    objects = rendered("production")
    assert "replicas" not in one(objects, "Deployment", f"{RELEASE}-web")["spec"]
    assert one(objects, "HorizontalPodAutoscaler", f"{RELEASE}-web")["spec"]["minReplicas"] == 2


def test_a_changed_address_of_a_server_restarts_the_pods() -> None:
    before = dict(pod_templates(rendered("servers by URL")))["storeplane-web"]["metadata"]["annotations"]
    after = dict(pod_templates(rendered("defaults")))["storeplane-web"]["metadata"]["annotations"]
    assert before.keys() == after.keys()
    assert before != after
