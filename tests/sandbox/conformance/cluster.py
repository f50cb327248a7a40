"""A connection to whatever is tested: the stand-in, or the cluster that a kubeconfig names."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
from pathlib import Path
from typing import Any

import httpx
import yaml


def connect(kubeconfig: Path) -> httpx.Client:
    """A client for the current context: token, client certificate, or nothing."""
    config = yaml.safe_load(kubeconfig.read_text())
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"]).get("user") or {}
    headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
    return httpx.Client(base_url=cluster["server"], headers=headers, verify=_verification(cluster, user), timeout=60)


def _named(items: list[Any], name: str) -> Any:
    return next(item for item in items if item["name"] == name)


def _verification(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext | bool:
    if not cluster["server"].startswith("https:"):
        return True
    context = ssl.create_default_context()
    authority = _bytes(cluster, "certificate-authority")
    if authority:
        context.load_verify_locations(cadata=authority.decode())
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate, key = _bytes(user, "client-certificate"), _bytes(user, "client-key")
    if certificate and key:
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(certificate + b"\n" + key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _bytes(holder: dict[str, Any], field: str) -> bytes | None:
    if holder.get(f"{field}-data"):
        return base64.b64decode(holder[f"{field}-data"])
    return Path(holder[field]).read_bytes() if holder.get(field) else None


def watch_events(client: httpx.Client, path: str, count: int, headers: dict[str, str]) -> list[Any]:
    """The first events of a watch; fewer when the server ends it."""
    events: list[Any] = []
    with client.stream("GET", path, headers=headers) as response:
        if response.status_code != httpx.codes.OK:
            response.read()
            return [{"type": "HTTP", "object": response.json()}]
        for line in response.iter_lines():
            events.append(json.loads(line))
            if len(events) == count:
                break
    return events
