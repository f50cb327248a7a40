"""A database, a Redis and Secrets that are there before the platform, made by hand as the chart's README says."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import yaml

from provisioner.cluster import Manifest
from sandbox.launcher import account
from tests.charts.rendering import one, render_platform
from tests.images.medusa.store import free_port
from tests.installed.platform import HOST, SPACE, Json
from tests.services import run_sql, start_postgres, start_redis

ROLE = "storeplane-definition"
ROLES = "/apis/rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Servers:
    """Where they listen, and for whom: a role that owns its database, and may do nothing else."""

    postgres: int = field(default_factory=free_port)
    redis: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    def database_url(self, password: str = "") -> str:
        return f"postgresql://shops:{password or self.password}@127.0.0.1:{self.postgres}/shops"

    def redis_url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.redis}"


@contextmanager
def started() -> Iterator[Servers]:
    """Both servers, for as long as the block lasts. In /tmp, since a socket's path may have 107 characters."""
    servers = Servers()
    with TemporaryDirectory(prefix="sp-own-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "postgres").mkdir()
        postgres = start_postgres(folder / "postgres", folder, servers.postgres)
        try:
            run_sql(folder, f"CREATE ROLE shops LOGIN PASSWORD '{servers.password}'", servers.postgres)
            run_sql(folder, "CREATE DATABASE shops OWNER shops", servers.postgres)
            redis = start_redis(folder, folder / "redis.sock", servers.redis, servers.password)
            try:
                yield servers
            finally:
                redis.stop()
        finally:
            postgres.stop()


def by_hand(servers: Servers) -> list[Manifest]:
    """The three Secrets of values-prod.yaml."""
    keys = {"secret-key": 32, "admin-password": 12, "metrics-token": 20}
    return [
        secret("storeplane", {key: secrets.token_hex(size) for key, size in keys.items()}),
        secret("storeplane-database", {"url": servers.database_url()}),
        secret("storeplane-redis", {"url": servers.redis_url()}),
    ]


def secret(name: str, content: dict[str, str]) -> Manifest:
    """As `kubectl create secret generic --from-literal` makes it."""
    metadata = {"name": name, "namespace": SPACE}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "stringData": content}


def mine(servers: Servers, ingress_port: int) -> Json:
    """What a person writes over values-prod.yaml; the classes, TLS, monitors and the account are the sandbox's affair.

    It has no nginx, no TLS, no Prometheus operator, no autoscaler, and mounts no tokens.
    """
    loopback = ["127.0.0.0/8"]
    return {
        "ingress": {"host": HOST, "className": "", "tls": {"enabled": False}},
        "kubeconfig": {"existingSecret": "cluster"},
        "web": {"autoscaling": {"enabled": False}},
        "workers": {"teardown": {"replicas": 1}, "events": {"replicas": 1}},
        "watcher": {"replicas": 1},
        "stores": {"domain": "localhost", "scheme": "http", "port": ingress_port, "ingress": {"className": ""}},
        "metrics": {"monitors": {"enabled": False}, "alerts": {"enabled": False}},
        "networkPolicies": {
            "database": {"cidrs": loopback, "port": servers.postgres},
            "redis": {"cidrs": loopback, "port": servers.redis},
            "apiServer": {"cidrs": loopback},
        },
    }


def allow_the_definition() -> None:
    """Give the account of the kubeconfig what the chart's own account for the Job would have."""
    role = one(render_platform("values-prod.yaml"), "ClusterRole", ROLE)
    subject = {"kind": "ServiceAccount", "name": account.NAME, "namespace": account.NAMESPACE}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE}
    binding = {"metadata": {"name": ROLE}, "roleRef": reference, "subjects": [subject]}
    for plural, body in (("clusterroles", {**role, "metadata": {"name": ROLE}}), ("clusterrolebindings", binding)):
        httpx.post(f"{api_url()}{ROLES}/{plural}", json=body).raise_for_status()


def log_of(pod: Manifest, container: str) -> str:
    """`kubectl logs`."""
    path = f"/api/v1/namespaces/{SPACE}/pods/{pod['metadata']['name']}/log"
    return httpx.get(api_url() + path, params={"container": container}).raise_for_status().text


def api_url() -> str:
    """Of the cluster that KUBECONFIG names."""
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    return str(config["clusters"][0]["cluster"]["server"])
