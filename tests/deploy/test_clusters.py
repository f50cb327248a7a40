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


def test_the_node_of_the_compose_file_is_the_same_when_its_container_is_made_anew() -> None:
    """Volumes of local-path are bound to a node by its name; k3s takes the host's, and knows it by a password."""
    compose = _read("docker-compose.dev.yml")
    k3s = compose["services"]["k3s"]
    assert k3s["hostname"] == "k3s"
    kept = dict(volume.split(":")[:2][::-1] for volume in k3s["volumes"])
    for folder in ("/var/lib/rancher/k3s", "/etc/rancher/node"):
        assert kept[folder] in compose["volumes"]
