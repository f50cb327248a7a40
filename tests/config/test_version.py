"""The version that the platform tells is the one that is released."""

import tomllib
from pathlib import Path

import yaml

from config.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_the_projects_and_the_charts() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    chart = yaml.safe_load((ROOT / "deploy/chart/Chart.yaml").read_text())
    assert VERSION == project["version"] == chart["appVersion"]
