"""Helm 4's own code, in a process of its own named `helm`, manages a small chart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.api.serving import Served

CHILD = """
import json, sys
from helm_python import Config, HelmError
name, *arguments = json.load(sys.stdin)
try:
    with Config(namespace="shop", qps=100.0, burst_limit=200) as config:
        answer = {"result": getattr(config, name)(*arguments)}
except HelmError as error:
    answer = {"error": str(error)}
print(json.dumps(answer))
"""
TEMPLATE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
      - {name: a, image: "example.com/a:1", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: a}, ports: [{port: 80}]}
{{- if .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: extra}
data: {a: b}
{{- end }}
"""


class Helm:
    """One action is one child process."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.chart = folder / "small"
        (self.chart / "templates").mkdir(parents=True)
        (self.chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 0.1.0\n")
        (self.chart / "values.yaml").write_text("replicas: 1\nextra: true\n")
        (self.chart / "templates" / "all.yaml").write_text(TEMPLATE)
        self.environment = os.environ | {"KUBECONFIG": str(kubeconfig), "HOME": str(folder)}

    def __call__(self, *request: Any) -> Any:
        """The result, or the error as a text in a list."""
        # The field manager is the basename of argv[0]; the site packages are named because argv[0] hides the venv.
        packages = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(
            ["helm", "-c", CHILD],
            executable=sys.executable,
            input=json.dumps(request),
            env=self.environment | packages,
            text=True,
            capture_output=True,
            timeout=60,
            check=True,
        )
        answer = json.loads(done.stdout)
        return answer["result"] if "result" in answer else [answer["error"]]


@pytest.fixture
def helm(kubeconfig: Path, served: Served, tmp_path: Path) -> Helm:
    """Helm, with a fresh namespace `shop`."""
    registry = served.registry
    served.call(lambda: registry.create(registry.resource("namespaces"), None, {"metadata": {"name": "shop"}}))
    return Helm(kubeconfig, tmp_path)


def test_a_release_lives_its_life(helm: Helm, served: Served) -> None:
    registry = served.registry
    deployments = registry.resource("deployments", "apps")
    chart = str(helm.chart)

    assert helm("install", chart, "demo", {})["status"] == "deployed"
    made = served.call(lambda: registry.get(deployments, "shop", "demo"))
    assert made["spec"]["replicas"] == 1
    assert [(entry["manager"], entry["operation"]) for entry in made["metadata"]["managedFields"]] == [
        ("helm", "Apply")
    ]

    assert helm("upgrade", chart, "demo", {"replicas": 2, "extra": False})["revision"] == 2
    assert served.call(lambda: registry.get(deployments, "shop", "demo"))["spec"]["replicas"] == 2
    assert "extra" not in _names(served, "configmaps")
    assert helm("status", "demo")["status"] == "deployed"

    helm("rollback", "demo")
    assert served.call(lambda: registry.get(deployments, "shop", "demo"))["spec"]["replicas"] == 1
    assert "extra" in _names(served, "configmaps")

    served.call(lambda: registry.patch(deployments, "shop", "demo", {"spec": {"replicas": 5}}, "merge"))
    (conflict,) = helm("upgrade", chart, "demo", {"replicas": 3})
    assert "conflict" in conflict
    assert ".spec.replicas" in conflict

    helm("uninstall", "demo")
    assert served.call(lambda: registry.list(deployments, "shop"))["items"] == []
    assert _names(served, "secrets") == []
    assert _names(served, "services") == []


def _names(served: Served, plural: str) -> list[str]:
    registry = served.registry
    listed = served.call(lambda: registry.list(registry.resource(plural), "shop"))
    return [item["metadata"]["name"] for item in listed["items"]]
