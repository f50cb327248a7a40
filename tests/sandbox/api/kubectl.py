"""kubectl as a test calls it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.sandbox.api.manifests import Obj


class Kubectl:
    """Runs kubectl in a namespace."""

    def __init__(self, kubeconfig: Path, home: Path, namespace: str) -> None:
        self.namespace = namespace
        self.environment = os.environ | {"KUBECONFIG": str(kubeconfig), "HOME": str(home)}

    def __call__(self, *arguments: str, manifest: Obj | str | None = None, code: int = 0) -> str:
        """What it prints, both streams; the exit code must be as expected."""
        text = manifest if isinstance(manifest, str) or manifest is None else yaml.safe_dump(manifest)
        command = ["kubectl", "-n", self.namespace, *arguments]
        done = subprocess.run(
            command, env=self.environment, input=text, text=True, capture_output=True, timeout=60, check=False
        )
        printed = done.stdout + done.stderr
        assert done.returncode == code, printed
        return printed

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A kubectl that goes on."""
        command = ["kubectl", "-n", self.namespace, *arguments]
        return subprocess.Popen(command, env=self.environment, text=True, stdout=subprocess.PIPE)

    def json(self, *arguments: str) -> Any:
        """What it prints as JSON."""
        return json.loads(self("get", *arguments, "-o", "json"))
