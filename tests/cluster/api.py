"""The few calls of the Kubernetes API that the tool itself makes, by the administrator's certificate."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from tests.cluster.places import API, Places

Json = dict[str, Any]
_TIMEOUT_SECONDS = 10


class Api:
    """Answers as they come; one that is not there is None, and trouble is an OSError."""

    def __init__(self, places: Places) -> None:
        context = ssl.create_default_context(cafile=str(places.pki / "ca.crt"))
        context.load_cert_chain(places.pki / "admin.crt", places.pki / "admin.key")
        proxies = urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(proxies, urllib.request.HTTPSHandler(context=context))

    def get(self, path: str) -> Json | None:
        try:
            return self._call("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            raise

    def items(self, path: str) -> list[Json]:
        return list((self.get(path) or {}).get("items", []))

    def create(self, path: str, body: Json) -> None:
        """What is there already stays as it is."""
        try:
            self._call("POST", path, body)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.CONFLICT:
                raise

    def delete(self, path: str) -> None:
        """What is gone already is fine."""
        try:
            self._call("DELETE", path)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise

    def is_ready(self) -> bool:
        try:
            with self._opener.open(f"{API}/readyz", timeout=_TIMEOUT_SECONDS):
                return True
        except OSError:
            return False

    def node_is_ready(self, name: str) -> bool:
        """Whether its kubelet says that pods can run."""
        node = self.get(f"/api/v1/nodes/{name}") or {}
        conditions = node.get("status", {}).get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{API}{path}", content, headers, method=method)  # noqa: S310 - https
        with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return dict(json.load(answer))
