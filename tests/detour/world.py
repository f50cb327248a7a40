"""A cluster for the detour: objects as kubectl shows them, and HTTP servers of this machine in the place of pods."""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

Obj = dict[str, Any]
SPACE, HOST = "store-tea", "tea.localhost"


def ingress(*paths: tuple[str, str, str], host: str = HOST) -> Obj:
    """Paths are (path, pathType, service)."""
    rules = [
        {"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": {"name": "http"}}}}
        for path, kind, service in paths
    ]
    return _object("Ingress", "store", spec={"rules": [{"host": host, "http": {"paths": rules}}]})


def service(name: str, target: int | str = "http") -> Obj:
    """Of the pods of its name."""
    ports = [{"name": "http", "port": 80, "targetPort": target}]
    return _object("Service", name, spec={"selector": {"component": name}, "ports": ports})


def pod(name: str, of: str, *, ready: bool = True, leaving: bool = False) -> Obj:
    """A pod of a service."""
    made = _object("Pod", name, spec={"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]})
    made["metadata"] |= {
        "labels": {"component": of},
        **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}),
    }
    made["status"] = {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    return made


def _object(kind: str, name: str, *, spec: Obj) -> Obj:
    return {"kind": kind, "metadata": {"name": name, "namespace": SPACE}, "spec": spec}


class Cluster:
    """What the fake kubectl shows, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.show()
        program = folder / "bin" / "kubectl"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("fake_kubectl.py")} "$@"\n')
        program.chmod(0o755)
        self.env = {"PATH": f"{program.parent}:{os.environ['PATH']}", "FAKE_CLUSTER": str(folder)}

    def show(self, *objects: Obj) -> None:
        """From now on there are these."""
        unfinished = self.folder / "unfinished"
        unfinished.write_text(json.dumps({"items": objects}))
        unfinished.rename(self.folder / "objects.json")

    def pids(self) -> list[int]:
        """Of every port-forward that was ever started, oldest first."""
        path = self.folder / "pids"
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []


class Pod:
    """Serves under a pod's name, from the start on."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Named", (_Echo,), {"name": name}))
        (cluster.folder / name).write_text(str(self._server.server_address[1]))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def kill(self) -> None:
        """Nothing listens any more."""
        self._server.shutdown()
        self._server.server_close()


class _Echo(BaseHTTPRequestHandler):
    """Tells what it was asked; `/moved` leads elsewhere with two cookies, `/pieces` comes without a length."""

    protocol_version = "HTTP/1.1"
    name: ClassVar[str] = ""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/pieces":
            return self._pieces()
        told = {"pod": self.name, "method": self.command, "path": self.path, "headers": dict(self.headers)}
        answer = json.dumps({**told, "bytes": len(body)}).encode()
        self.send_response(307 if self.path == "/moved" else 200)
        if self.path == "/moved":
            self.send_header("Location", "http://tea.localhost/elsewhere")
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        return None

    def _pieces(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Content-Encoding", "identity")
        self.end_headers()
        for _ in range(50):
            self.wfile.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Not between the lines of the tests."""
