"""A platform of a benchmark's own, as `./storeplane up` starts it, on a sandbox that notes each request.

The sandbox is a process of the benchmark's, so that its pods can be such as become ready without a process. The
platform gets it by `--kubeconfig`, as a real cluster. This process has the platform's settings and asks its database.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import django
import httpx
import psutil

from sandbox.launcher import pids, running, services
from sandbox.launcher.account import NAME, NAMESPACE, make_account
from sandbox.launcher.builds import build_all, builds
from sandbox.launcher.console import Console
from sandbox.launcher.down import down
from sandbox.launcher.home import Home
from sandbox.launcher.measure import tree_of
from sandbox.launcher.options import Options, free_port
from sandbox.launcher.processes import platform_environment
from sandbox.launcher.up import Wish, up
from tests.chaos.processes import Process
from tests.chaos.waiting import until
from tests.e2e.front_door import FrontDoor

if TYPE_CHECKING:
    from provisioner.cluster import Cluster

READY_AFTER_MS = 200
USER = "bench"
_RBAC = "rbac.authorization.k8s.io"
_OURS_ALONE = ("PROMETHEUS_MULTIPROC_DIR", "KUBECONFIG")
"""Of the platform's environment what this process must not have: it counts for itself, and is the cluster's admin."""


def add_pods(parser: argparse.ArgumentParser) -> None:
    """The choice between pods that show the platform and pods that show a store."""
    parser.add_argument(
        "--pods",
        choices=("quick", "real"),
        default="quick",
        help=f"quick: ready after {READY_AFTER_MS} ms without a process, to see the platform; real: Medusa starts",
    )


@dataclass(frozen=True)
class Launched:
    """The running platform: its API as a user with room for hundreds of stores, its cluster, and what it was asked."""

    home: Home
    door: FrontDoor
    cluster: Cluster
    audit: Path

    def trees(self) -> dict[str, list[psutil.Process]]:
        """Every process of the platform with its descendants, by the name that `./storeplane status` has."""
        found = running.find(self.home)
        assert found is not None, "the platform has ended"
        return {row["name"]: tree_of(row["pid"]) for row in found.state["processes"] if not row["job"]}

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Nobody of the platform does anything meanwhile; its servers, which don't act by themselves, stay awake."""
        stopped = [each for name, tree in self.trees().items() if name not in ("postgres", "redis") for each in tree]
        for each in stopped:
            each.suspend()
        try:
            yield
        finally:
            for each in stopped:
                each.resume()


@contextmanager
def launched(pods: str) -> Iterator[Launched]:
    """Start both, and end them with all that they have made. Takes half a minute, and minutes where images are built.

    Once in a process, since Django's settings are read once.
    """
    # So that what was started is ended then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    console = Console(sys.stderr)
    with TemporaryDirectory(prefix="sp-bench-", dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        home = Home(folder / "home")
        home.create()
        os.environ["STOREPLANE_HOME"] = str(home.root)
        # For whoever looks for what a killed benchmark has left.
        os.environ[pids.OWNER_VARIABLE] = name
        if pods == "real":
            build_all(builds(with_images=True), home, console)
        port, ingress_port = free_port(0), free_port(0)
        os.environ |= {"STOREPLANE_STORE_PORT": str(ingress_port), "STOREPLANE_RATE_LIMIT_SCALE": "1000"}
        admin = stack.enter_context(_sandbox(folder, ingress_port, pods))
        account = folder / "account"
        make_account(admin, account)
        os.environ["KUBECONFIG"] = str(admin)
        _let_it_define(admin)
        stack.callback(_wipe, home)
        assert up(home, console, Wish(port=port, kubeconfig=str(account), with_demo=False, detach=True)) == 0
        _take_settings(home)
        yield _entered(home, port, folder / "audit.jsonl")


@contextmanager
def _sandbox(folder: Path, ingress_port: int, pods: str) -> Iterator[Path]:
    """The kubeconfig of its admin."""
    kubeconfig = folder / "kubeconfig"
    argv = [sys.executable, "-m", "sandbox", "serve", "--state", str(folder / "state"), "--port", "0"]
    argv += ["--ingress-port", str(ingress_port), "--kubeconfig", str(kubeconfig)]
    argv += ["--audit-log", str(folder / "audit.jsonl")]
    if pods == "quick":
        argv += ["--runtime", "fake", "--ready-after-ms", str(READY_AFTER_MS)]
    env = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    process = Process("sandbox", argv, env, folder / "sandbox.log", "sandbox ready on")
    process.start()
    try:
        until(process.is_ready, lambda: f"the sandbox: {process.tail()}", seconds=60)
        yield kubeconfig
    finally:
        process.stop()


def _let_it_define(admin: Path) -> None:
    """A platform that is given a cluster installs its definition itself; in its own sandbox the admin does."""
    rule = {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["*"]}
    subject = {"kind": "ServiceAccount", "namespace": NAMESPACE, "name": NAME}
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "definition"}
    server = json.loads(admin.read_text())["clusters"][0]["cluster"]["server"]
    for kind, content in (
        ("ClusterRole", {"rules": [rule]}),
        ("ClusterRoleBinding", {"roleRef": reference, "subjects": [subject]}),
    ):
        made = {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": "definition"}, **content}
        httpx.post(f"{server}/apis/{_RBAC}/v1/{kind.lower()}s", json=made).raise_for_status()


def _take_settings(home: Home) -> None:
    """Become a process that has the platform's own settings."""
    options = Options.choose(home, None, None, None)
    given = platform_environment(home, options, services.socket_folder(home.root))
    os.environ |= {name: value for name, value in given.items() if name not in _OURS_ALONE}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def _entered(home: Home, port: int, audit: Path) -> Launched:
    """With a user whose tenant has the largest plan."""
    from provisioner.cluster import Cluster
    from tenants.models import Tenant

    door = FrontDoor(f"http://127.0.0.1:{port}", f"{USER}-{secrets.token_hex(3)}")
    assert door.call("GET", "/me").status_code == 200
    Tenant.objects.update(plan="large")
    cluster = Cluster()
    cluster.version()  # so that the first request isn't the one that loads the client
    return Launched(home, door, cluster, audit)


def _wipe(home: Home) -> None:
    down(home, Console(StringIO()), wipe=True)
