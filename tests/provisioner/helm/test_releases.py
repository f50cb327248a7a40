"""A release from birth to end, by Helm's own code against a real API."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import CONFIG_MAP, DEPLOYMENT, SECRET
from provisioner.helm import ChartInvalid, Helm, ReleaseBusy, ReleaseExists, ReleaseNotFound, mark_failed, values_digest
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild
from provisioner.helm.storage import decode, encode, revisions
from tests.charts.rendering import CHART, STORE

pytestmark = pytest.mark.cluster

RED, BLUE = {"colour": "red"}, {"colour": "blue"}


@pytest.fixture
def helm(kube: Cluster) -> Helm:
    return ReleaseActions(kube, HelmChild())


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart of one ConfigMap, so that these tests are about releases."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 0.1.0\nappVersion: '1'\n")
    (tmp_path / "values.yaml").write_text("colour: white\n")
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: paint}\ndata: {colour: {{ .Values.colour }}}\n"
    (tmp_path / "templates" / "paint.yaml").write_text(template)
    return tmp_path


def colour(kube: Cluster, namespace: str) -> str | None:
    found = kube.get(CONFIG_MAP, "paint", namespace)
    return found and found["data"]["colour"]


def make_pending(kube: Cluster, namespace: str, status: str) -> None:
    """Leaves the newest revision as a Helm killed in the middle leaves it."""
    secret = revisions(kube, "store", namespace)[-1]
    record = decode(secret)
    record["info"]["status"] = status
    secret["metadata"]["labels"]["status"] = status
    secret["data"]["release"] = encode(record)
    kube.replace(secret)


def test_a_release_lives_from_install_to_uninstall(kube: Cluster, namespace: str, helm: Helm, chart: Path) -> None:
    assert helm.status("store", namespace) is None
    installed = helm.install("store", namespace, chart, RED, labels={"team": "mine"}, description="first")
    assert (installed.revision, installed.status, installed.chart, installed.app_version) == (
        1,
        "deployed",
        "small",
        "1",
    )
    assert (installed.namespace, installed.description, installed.ever_deployed) == (namespace, "first", True)
    assert installed.values_digest == values_digest(RED)
    assert colour(kube, namespace) == "red"
    assert revisions(kube, "store", namespace)[0]["metadata"]["labels"]["team"] == "mine"

    upgraded = helm.upgrade("store", namespace, chart, BLUE)
    assert (upgraded.revision, upgraded.values_digest) == (2, values_digest(BLUE))
    assert colour(kube, namespace) == "blue"
    assert helm.status("store", namespace) == upgraded

    rolled_back = helm.rollback("store", namespace)
    assert (rolled_back.revision, rolled_back.values_digest) == (3, values_digest(RED))
    assert colour(kube, namespace) == "red"
    statuses = [(release.revision, release.status) for release in helm.history("store", namespace)]
    assert statuses == [(1, "superseded"), (2, "superseded"), (3, "deployed")]

    assert helm.uninstall("store", namespace) is True
    assert colour(kube, namespace) is None
    assert helm.status("store", namespace) is None
    assert list(kube.list(SECRET, namespace, label_selector="owner=helm")) == []
    assert helm.uninstall("store", namespace) is False


def test_the_manifest_is_what_was_applied(namespace: str, helm: Helm, chart: Path) -> None:
    assert helm.manifest("store", namespace) == []
    helm.install("store", namespace, chart, RED)
    (applied,) = helm.manifest("store", namespace)
    assert (applied["metadata"]["name"], applied["data"]) == ("paint", RED)


def test_a_second_install_is_refused(namespace: str, helm: Helm, chart: Path) -> None:
    helm.install("store", namespace, chart, RED)
    with pytest.raises(ReleaseExists):
        helm.install("store", namespace, chart, BLUE)


def test_an_upgrade_of_what_is_not_there_is_refused(namespace: str, helm: Helm, chart: Path) -> None:
    with pytest.raises(ReleaseNotFound):
        helm.upgrade("store", namespace, chart, RED)


def test_a_rollback_of_what_is_not_there_is_refused(namespace: str, helm: Helm) -> None:
    with pytest.raises(ReleaseNotFound):
        helm.rollback("store", namespace)


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback"])
def test_a_dead_release_that_is_marked_failed_can_be_upgraded(
    kube: Cluster, namespace: str, helm: Helm, chart: Path, status: str
) -> None:
    helm.install("store", namespace, chart, RED)
    make_pending(kube, namespace, status)
    with pytest.raises(ReleaseBusy):
        helm.upgrade("store", namespace, chart, BLUE)
    pending = helm.status("store", namespace)
    assert pending is not None
    assert pending.pending

    assert mark_failed(kube, "store", namespace, why="its worker died") is True
    failed = helm.status("store", namespace)
    assert failed is not None
    assert (failed.status, failed.description) == ("failed", "its worker died")
    assert helm.upgrade("store", namespace, chart, BLUE).status == "deployed"
    assert colour(kube, namespace) == "blue"


def test_a_release_that_helm_takes_up_is_not_marked_failed(
    kube: Cluster, namespace: str, helm: Helm, chart: Path
) -> None:
    assert mark_failed(kube, "store", namespace, why="x") is False
    helm.install("store", namespace, chart, RED)
    assert mark_failed(kube, "store", namespace, why="x") is False
    release = helm.status("store", namespace)
    assert release is not None
    assert release.status == "deployed"


def test_an_upgrade_takes_back_what_someone_else_changed(
    kube: Cluster, namespace: str, helm: Helm, chart: Path
) -> None:
    helm.install("store", namespace, chart, RED)
    metadata = {"name": "paint", "namespace": namespace}
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"colour": "green"}}
    kube.apply(theirs, field_manager="someone-else")
    helm.upgrade("store", namespace, chart, BLUE)
    assert colour(kube, namespace) == "blue"


def test_helm_is_always_the_same_field_manager(kube: Cluster, namespace: str, helm: Helm, chart: Path) -> None:
    helm.install("store", namespace, chart, RED)
    paint = kube.get(CONFIG_MAP, "paint", namespace)
    assert paint is not None
    assert [entry["manager"] for entry in paint["metadata"]["managedFields"]] == ["helm"]


def test_a_broken_chart_leaves_nothing_behind(namespace: str, helm: Helm, chart: Path) -> None:
    (chart / "templates" / "broken.yaml").write_text('{{ fail "not today" }}')
    with pytest.raises(ChartInvalid, match="not today"):
        helm.install("store", namespace, chart, RED)
    assert helm.status("store", namespace) is None


def test_a_field_that_the_kind_does_not_have_is_the_charts_fault(namespace: str, helm: Helm, chart: Path) -> None:
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrong}\ndta: {}\n"
    (chart / "templates" / "wrong.yaml").write_text(template)
    with pytest.raises(ChartInvalid, match="dta"):
        helm.install("store", namespace, chart, RED)


def test_the_stores_chart_is_taken_by_the_api_and_leaves_without_a_trace_but_the_volume(
    kube: Cluster, namespace: str, helm: Helm
) -> None:
    values = {"store": STORE}
    assert helm.install("store", namespace, CHART, values).status == "deployed"
    assert kube.get(DEPLOYMENT, "backend", namespace) is not None
    restarted = helm.upgrade("store", namespace, CHART, {**values, "theme": {"primaryColor": "#123456"}})
    assert (restarted.revision, restarted.status) == (2, "deployed")
    assert helm.uninstall("store", namespace) is True
    assert kube.wait_gone(DEPLOYMENT, "backend", namespace, timeout=30)
