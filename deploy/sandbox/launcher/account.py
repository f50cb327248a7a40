"""The platform's own account in the sandbox, with the role that it has on a real cluster, and a kubeconfig of it."""

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import CHECKOUT, write_json

ROLE_FILE = CHECKOUT / "deploy" / "chart" / "rbac" / "platform.yaml"
ROLE = "storeplane-platform"
NAMESPACE, NAME = "storeplane-system", "storeplane"
USER = f"system:serviceaccount:{NAMESPACE}:{NAME}"
_RBAC, _RBAC_PATH = "rbac.authorization.k8s.io", "/apis/rbac.authorization.k8s.io/v1"
_YEAR_SECONDS = 366 * 24 * 3600

Json = dict[str, Any]


def make_account(admin: Path, out: Path) -> None:
    """Make what is missing by the admin's kubeconfig, and write the account's. Raises LauncherError."""
    config = json.loads(admin.read_text())
    server = _Server(config["clusters"][0]["cluster"]["server"])
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{NAME}"
    server.apply(f"/api/v1/namespaces/{NAMESPACE}", "v1", "Namespace")
    server.apply(account, "v1", "ServiceAccount")
    for file in sorted(ROLE_FILE.parent.glob("*.yaml")):  # beside it lie the roles for people
        role = yaml.safe_load(file.read_text())
        path = f"{_RBAC_PATH}/clusterroles/{role['metadata']['name']}"
        server.apply(path, f"{_RBAC}/v1", "ClusterRole", role)
    server.apply(f"{_RBAC_PATH}/clusterrolebindings/{ROLE}", f"{_RBAC}/v1", "ClusterRoleBinding", _binding())
    asked = {"spec": {"expirationSeconds": _YEAR_SECONDS}}
    token = server.call("POST", f"{account}/token", asked)["status"]["token"]
    write_json(out, _kubeconfig(config, token))


def _binding() -> Json:
    return {
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    }


def _kubeconfig(admins: Json, token: str) -> Json:
    """Go clients, Helm among them, send no token over plain HTTP: they say by `as` whom they are."""
    user = {"name": NAME, "user": {"token": token, "as": USER}}
    context = {"name": NAME, "context": {"cluster": admins["clusters"][0]["name"], "user": NAME}}
    return {**admins, "users": [user], "contexts": [context], "current-context": NAME}


class _Server:
    """The sandbox's API, asked as its admin."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def apply(self, path: str, api_version: str, kind: str, obj: Json | None = None) -> None:
        """Server-side apply of an object whose name is the end of the path."""
        metadata = {**(obj or {}).get("metadata", {}), "name": path.rpartition("/")[2]}
        body = {**(obj or {}), "apiVersion": api_version, "kind": kind, "metadata": metadata}
        self.call("PATCH", f"{path}?fieldManager=storeplane-launcher&force=true", body, "application/apply-patch+yaml")

    def call(self, method: str, path: str, body: Json, media_type: str = "application/json") -> Json:
        """The decoded answer; raises LauncherError for anything but success."""
        try:
            self._connection.request(method, path, json.dumps(body), {"Content-Type": media_type})
            answer = self._connection.getresponse()
            told: Json = json.loads(answer.read())
        except (OSError, ValueError) as error:
            raise LauncherError(f"The sandbox did not answer {method} {path}: {error}.") from error
        if told.get("kind") == "Status":
            raise LauncherError(f"The platform's account could not be made: {told.get('message')}")
        return told
