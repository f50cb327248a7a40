"""The checklist that an operator runs on any platform holds on this one: five stores, three at a time, among others."""

import os
import re
import subprocess
import sys

from tests.e2e.front_door import FrontDoor

LINES = ("identity", "concurrency", "drift", "finalizer", "metrics", "removal")


def test_every_promise_of_the_checklist_is_kept(door: FrontDoor) -> None:
    words = ["--url", door.url, "--kubeconfig", os.environ["KUBECONFIG"]]

    done = subprocess.run([sys.executable, "-m", "verify", *words], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert tuple(re.findall(r"^✓ (\w+): ", done.stdout, re.MULTILINE)) == LINES
    assert "never more than 3 at once, 2 waited in their places" in done.stdout
