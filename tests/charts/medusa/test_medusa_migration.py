"""Claims about the Job that migrates a store's database when its release is upgraded."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.cluster import Manifest
from tenants.plans import PLANS
from tests.charts.rendering import STORE, containers, one, render, render_upgrade


def job(**values: Any) -> Manifest:
    """The Job of an upgrade with these values."""
    (found,) = [item for item in render_upgrade(**values) if item["kind"] == "Job"]
    return found


def test_an_upgrade_has_one_object_more_than_a_birth() -> None:
    born = {(item["kind"], item["metadata"]["name"]): item for item in render()}
    upgraded = {(item["kind"], item["metadata"]["name"]): item for item in render_upgrade()}
    assert upgraded.keys() - born.keys() == {("Job", job()["metadata"]["name"])}
    # What is there from the birth is the same then, so that nothing is replaced for being upgraded.
    assert {key: upgraded[key] for key in born} == born


def test_the_job_runs_the_migration_of_the_backends_image_and_knows_no_secret_but_the_databases() -> None:
    (container,) = job()["spec"]["template"]["spec"]["containers"]
    backend = one(render(), "Deployment", "backend")["spec"]["template"]["spec"]
    assert {container["image"]} == {each["image"] for each in containers(backend)}
    assert container["command"] == ["node", "/app/migrate.mjs"]
    secrets = [variable["name"] for variable in container["env"] if "valueFrom" in variable]
    assert secrets == ["DATABASE_PASSWORD"]


def test_a_backend_leaves_an_older_database_to_the_job_for_a_while() -> None:
    backend = one(render(), "Deployment", "backend")["spec"]["template"]["spec"]
    (prepare,) = backend["initContainers"]
    assert {"name": "MIGRATION_WAIT_SECONDS", "value": "60"} in prepare["env"]


@pytest.mark.parametrize(
    "values",
    [
        {"images": {"medusa": "storeplane/medusa:2.19.0"}},
        {"imagePullPolicy": "Always"},
        {"imagePullSecrets": [{"name": "registry"}]},
        {"secretName": "other"},
        {"resources": PLANS["large"].chart_values()["resources"]},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_changes_the_pod_changes_the_name_since_a_job_cannot_be_changed(values: dict[str, Any]) -> None:
    before, after = job(), job(**values)
    assert before["spec"] != after["spec"]
    assert before["metadata"]["name"] != after["metadata"]["name"]


@pytest.mark.parametrize(
    "values",
    [
        {"store": {**STORE, "displayName": "Coffee Shop"}},
        {"theme": {"primaryColor": "#123456"}},
        {"replicas": {"storefront": 3}},
        {"images": {"storefront": "storeplane/storefront:0.2.0"}},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_is_no_matter_of_the_database_starts_no_other_job(values: dict[str, Any]) -> None:
    assert job(**values) == job()


def test_a_store_at_rest_is_not_migrated_before_it_is_woken() -> None:
    objects = render_upgrade(replicas={"postgres": 0, "backend": 0, "storefront": 0})
    assert "Job" not in {item["kind"] for item in objects}


def test_a_failed_attempt_keeps_its_log_a_hanging_one_ends_and_a_finished_one_goes_away() -> None:
    spec = job()["spec"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["backoffLimit"] >= 1
    assert spec["activeDeadlineSeconds"] <= 3600
    assert spec["ttlSecondsAfterFinished"] == 3600
