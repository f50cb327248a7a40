"""The texts that the copy for Kubernetes 1.20 exchanges are still there, and what comes out is what 1.20 can read."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.commands import ClusterError
from tests.cluster.fitting import CHANGES, DEFINITION, Change, fit
from tests.cluster.places import CHECKOUT

RULES, RETENTION = "x-kubernetes-validations", "persistentVolumeClaimRetentionPolicy"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Of the files that are changed, and of the templates that could need it."""
    for name in {*(change.path for change in CHANGES), DEFINITION}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.path)
def test_what_a_change_replaces_stands_in_its_file_once(change: Change) -> None:
    assert (CHECKOUT / change.path).read_text().count(change.old) == 1


def test_no_template_keeps_what_1_20_does_not_know(copy: Path) -> None:
    fit(copy)
    changed = [path.relative_to(copy) for path in copy.rglob("*.yaml")]
    for chart in ("deploy/chart", "storefront_charts/medusa"):
        for path in (CHECKOUT / chart).rglob("templates/*.yaml"):
            if RETENTION in path.read_text():
                assert path.relative_to(CHECKOUT) in changed
        assert yaml.safe_load((copy / chart / "Chart.yaml").read_text())["kubeVersion"] == ">=1.20.0-0"
    assert not [path for path in changed if RETENTION in (copy / path).read_text()]


def test_the_definition_has_no_rules_and_is_otherwise_the_same(copy: Path) -> None:
    before = yaml.safe_load((CHECKOUT / DEFINITION).read_text())
    fit(copy)
    after = yaml.safe_load((copy / DEFINITION).read_text())
    assert RULES not in str(after)
    assert RULES in str(before)
    assert _schema(copy / "provisioner" / "mirror" / "schema.py").crd() == after


def test_a_text_that_is_gone_stops_the_fitting(copy: Path) -> None:
    path = copy / CHANGES[0].path
    path.write_text(path.read_text().replace("1.28", "1.29"))
    with pytest.raises(ClusterError, match=r"Chart\.yaml holds this 0 times"):
        fit(copy)


def _schema(path: Path) -> Any:
    """The changed module, as the platform would import it."""
    spec = importlib.util.spec_from_file_location("fitted_schema", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
