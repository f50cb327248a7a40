"""Clusters on one machine: what they do when they are made, or upgraded, for a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def _read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text())
    return found


def test_the_ingress_controller_on_kind_gives_its_ports_up_before_its_successor_takes_them() -> None:
    """A node has a hostPort once: with Traefik's own strategy (a surge of 1) an upgrade's pod is never scheduled."""
    values = _read("deploy/kind/traefik.yaml")
    assert any("hostPort" in port for port in values["ports"].values())
    assert values["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
