"""How the two programs are asked, and how their answers are read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioner.cluster import Cluster
from provisioner.helm import ChartInvalid, ClusterUnreachable, HelmFailed, ReleaseBusy, ReleaseNotFound
from provisioner.helm.actions import Action, ReleaseActions
from provisioner.helm.runners import HelmChild, HelmProgram, child_options, program_arguments
from tests.charts.rendering import CHART, NAMESPACE, STORE
from tests.provisioner.fake_api import kubeconfig

INSTALL = Action("install", "store", "store-x", 30, Path("/charts/medusa"), {"a": 1}, {"team": "x"}, "why")
UPGRADE = Action("upgrade", "store", "store-x", 30.2, Path("/charts/medusa"), {"a": 1})
ROLLBACK = Action("rollback", "store", "store-x", 30, revision=3)
UNINSTALL = Action("uninstall", "store", "store-x", 30)
TEMPLATE = Action("template", "store", "store-x", 30, Path("/charts/medusa"))

# A stand-in for the `helm` program, at the outermost edge: records how it was called and answers as told.
_FAKE_HELM = """#!/bin/sh
if [ "$1" = version ]; then echo VERSION; exit 0; fi
printf '%s\\n' "$@" > FOLDER/argv
cat > FOLDER/stdin
printf '%s' 'SAID' >&2
exit CODE
"""


def fake_helm(folder: Path, *, version: str = "v4.2.3", said: str = "", code: int = 0) -> HelmProgram:
    path = folder / "helm"
    script = _FAKE_HELM.replace("VERSION", version).replace("FOLDER", str(folder))
    path.write_text(script.replace("SAID", said).replace("CODE", str(code)))
    path.chmod(0o700)
    return HelmProgram(str(path))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            INSTALL,
            [
                *("install", "store", "/charts/medusa", "--values", "-", "--namespace", "store-x", "--timeout", "30s"),
                *("--description", "why", "--labels", "team=x", "--server-side=true", "--force-conflicts"),
                "--disable-openapi-validation",
            ],
        ),
        (
            UPGRADE,
            [
                *("upgrade", "store", "/charts/medusa", "--values", "-", "--namespace", "store-x", "--timeout", "31s"),
                *("--history-max", "10", "--server-side=true", "--force-conflicts", "--disable-openapi-validation"),
            ],
        ),
        (
            ROLLBACK,
            [
                *("rollback", "store", "3", "--namespace", "store-x", "--timeout", "30s"),
                *("--history-max", "10", "--server-side=true", "--force-conflicts"),
            ],
        ),
        (UNINSTALL, ["uninstall", "store", "--namespace", "store-x", "--timeout", "30s"]),
        (TEMPLATE, ["template", "store", "/charts/medusa", "--values", "-", "--namespace", "store-x"]),
        (
            replace(TEMPLATE, as_upgrade=True),
            ["template", "store", "/charts/medusa", "--values", "-", "--namespace", "store-x", "--is-upgrade"],
        ),
    ],
)
def test_the_program_is_asked_for_each_verb(action: Action, expected: list[str]) -> None:
    assert program_arguments(action, server_side=True) == expected


def test_helm_3_is_not_asked_for_what_only_helm_4_knows() -> None:
    assert program_arguments(INSTALL, server_side=False)[-2:] == ["--labels", "team=x"]


def test_the_program_gets_values_by_stdin_and_never_as_an_argument(tmp_path: Path) -> None:
    fake_helm(tmp_path).run(INSTALL)
    assert json.loads((tmp_path / "stdin").read_text()) == {"a": 1}
    argv = (tmp_path / "argv").read_text().splitlines()
    assert argv == program_arguments(INSTALL, server_side=True)


@pytest.mark.parametrize(("version", "server_side"), [("v3.17.0", False), ("v4.0.0", True)])
def test_the_programs_version_decides_the_way_of_applying(tmp_path: Path, version: str, server_side: bool) -> None:
    fake_helm(tmp_path, version=version).run(UPGRADE)
    assert ("--server-side=true" in (tmp_path / "argv").read_text()) is server_side


def test_a_program_that_is_no_helm_is_named(tmp_path: Path) -> None:
    with pytest.raises(HelmFailed, match=f"{tmp_path}/helm does not say which version"):
        fake_helm(tmp_path, version="hello").run(UPGRADE)


def test_a_program_that_is_not_there_is_an_error_of_helm(tmp_path: Path) -> None:
    with pytest.raises(HelmFailed, match="does not say which version"):
        HelmProgram(str(tmp_path / "nothing")).run(UPGRADE)


def test_the_programs_last_line_is_the_error(tmp_path: Path) -> None:
    said = "WARNING: something\nError: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress\n"
    with pytest.raises(ReleaseBusy, match="another operation"):
        fake_helm(tmp_path, said=said, code=1).run(UPGRADE)


def test_uninstalling_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    helm = fake_helm(tmp_path, said="Error: uninstall: Release not loaded: store: release: not found", code=1)
    with pytest.raises(ReleaseNotFound):
        helm.run(UNINSTALL)
    assert ReleaseActions(Cluster(), helm).uninstall("store", "store-x") is False


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            INSTALL,
            {
                "server_side_apply": True,
                "force_conflicts": True,
                "disable_openapi_validation": True,
                "labels": {"team": "x"},
                "description": "why",
            },
        ),
        (
            UPGRADE,
            {
                "server_side_apply": "true",
                "force_conflicts": True,
                "disable_openapi_validation": True,
                "labels": {},
                "description": "",
                "max_history": 10,
                "timeout_seconds": 31,
            },
        ),
        (ROLLBACK, {"server_side_apply": "true", "force_conflicts": True, "max_history": 10, "version": 3}),
        (UNINSTALL, {}),
    ],
)
def test_the_library_is_given_the_options_of_each_verb(action: Action, expected: dict[str, Any]) -> None:
    assert child_options(action) == {"timeout_seconds": 30, **expected}


@pytest.mark.parametrize("action", [INSTALL, UPGRADE, ROLLBACK, UNINSTALL])
def test_the_library_knows_every_option_it_is_given(
    action: Action, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a cluster that is out of reach: an unknown option would be told first."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, "http://127.0.0.1:1")))
    chart = CHART if action.verb in {"install", "upgrade"} else Path()
    with pytest.raises(ClusterUnreachable):
        HelmChild().run(Action(action.verb, "store", "store-x", 30, chart, revision=action.revision))


def test_a_template_needs_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    objects = ReleaseActions(Cluster(), HelmChild()).template("store", NAMESPACE, CHART, {"store": STORE})
    assert "StatefulSet" in {item["kind"] for item in objects}


def test_a_template_is_of_an_install_or_of_an_upgrade(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 0.1.0\n")
    flags = "install: {{ .Release.IsInstall }}\nupgrade: {{ .Release.IsUpgrade }}\n"
    (tmp_path / "templates" / "flags.yaml").write_text(f"kind: Flags\n{flags}")
    helm = ReleaseActions(Cluster(), HelmChild())
    for upgrade in (False, True):
        (said,) = helm.template("store", NAMESPACE, tmp_path, {}, upgrade=upgrade)
        assert (said["install"], said["upgrade"]) == (not upgrade, upgrade)


def test_a_chart_that_renders_to_no_yaml_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: broken\nversion: 0.1.0\n")
    (tmp_path / "templates" / "a.yaml").write_text("a: [\n")
    with pytest.raises(ChartInvalid):
        ReleaseActions(Cluster(), HelmChild()).template("store", NAMESPACE, tmp_path, {})


def test_a_chart_that_is_not_there_is_invalid(tmp_path: Path) -> None:
    with pytest.raises(ChartInvalid, match="no such file"):
        ReleaseActions(Cluster(), HelmChild()).template("store", NAMESPACE, tmp_path / "none", {})
