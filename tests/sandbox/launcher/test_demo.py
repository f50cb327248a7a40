"""The demo store, against a small server that plays the platform and the ingress."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.launcher.console import Console
from sandbox.launcher.demo import Watcher
from sandbox.launcher.errors import LauncherError

STEPS = ("namespace", "helm")


class Platform(ThreadingHTTPServer):
    """Answers GET /stores/demo with one prepared body after the other, the last for ever."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.create_status = 201
        self.shop_refuses = 0

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.server_port)


class Answer(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        self.server.asked.append(("POST", self.path, self.headers["X-User-Id"]))
        length = int(self.headers["Content-Length"])
        assert json.loads(self.rfile.read(length)) == {"name": "demo", "engine": "medusa", "display_name": "Demo Store"}
        detail = {"detail": "The name demo is taken."}
        self._say(self.server.create_status, detail if self.server.create_status >= 400 else {"name": "demo"})

    def do_GET(self) -> None:
        server = self.server
        if self.headers["Host"].startswith("demo.localhost"):
            server.shop_refuses -= 1
            self._say(503 if server.shop_refuses >= 0 else 200, {})
        elif self.path.endswith("/credentials"):
            self._say(200, {"admin_url": "http://shop/app", "admin_email": "a@b.c", "admin_password": "secret"})
        else:
            self._say(200, server.bodies.pop(0) if len(server.bodies) > 1 else server.bodies[0])

    def _say(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def platform() -> Iterator[Platform]:
    server = Platform()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def store(phase: str, *states: str, message: str = "") -> dict[str, Any]:
    pipeline = [
        {"name": name, "label": name.capitalize(), "state": state} for name, state in zip(STEPS, states, strict=False)
    ]
    return {
        "phase": phase,
        "message": message,
        "pipeline": pipeline,
        "operation": None,
        "url": "http://demo.localhost:1",
    }


def watcher(platform: Platform, output: io.StringIO, **more: Any) -> Watcher:
    base = f"http://127.0.0.1:{platform.server_port}"
    return Watcher(base, Console(output), stop=more.pop("stop", threading.Event()), **more)


def test_the_store_is_asked_for_as_the_demo_user_and_its_login_is_returned(platform: Platform) -> None:
    platform.bodies = [store("Ready")]
    demo = watcher(platform, io.StringIO()).bring_up(platform.address)
    assert platform.asked == [("POST", "/stores", "demo")]
    assert (demo.url, demo.admin_email, demo.admin_password) == ("http://demo.localhost:1", "a@b.c", "secret")


def test_each_step_is_shown_when_it_begins_and_with_its_time_when_it_is_done(platform: Platform) -> None:
    platform.bodies = [
        store("Provisioning", "running", "pending"),
        store("Provisioning", "succeeded", "running"),
        store("Ready", "succeeded", "succeeded"),
    ]
    output = io.StringIO()
    watcher(platform, output).bring_up(None)
    shown = [line.rsplit(" ... ", 1)[0].strip(" .") for line in output.getvalue().splitlines()]
    assert shown == ["Demo store: Namespace", "Demo store: Namespace", "Demo store: Helm", "Demo store: Helm"]


def test_a_store_that_is_ready_but_does_not_answer_yet_is_waited_for(platform: Platform) -> None:
    platform.bodies = [store("Ready")]
    platform.shop_refuses = 2
    watcher(platform, io.StringIO()).bring_up(platform.address)
    assert platform.shop_refuses < 0


def test_a_failed_store_is_told_in_its_own_words(platform: Platform) -> None:
    platform.bodies = [store("Failed", message="The image can't be pulled.")]
    with pytest.raises(LauncherError, match=r"^The demo store failed: The image can't be pulled\.$"):
        watcher(platform, io.StringIO()).bring_up(None)


def test_a_refusal_is_told_with_the_platform_s_reason(platform: Platform) -> None:
    platform.create_status = 409
    with pytest.raises(LauncherError, match=r"^POST /stores answered 409: The name demo is taken\.$"):
        watcher(platform, io.StringIO()).bring_up(None)


def test_the_wait_ends_with_the_last_known_phase(platform: Platform) -> None:
    platform.bodies = [store("Pending")]
    with pytest.raises(LauncherError, match=r"^The demo store is still Pending after 0 s\.$"):
        watcher(platform, io.StringIO(), timeout=0.0).bring_up(None)


def test_a_stop_ends_the_wait(platform: Platform) -> None:
    platform.bodies = [store("Provisioning")]
    stop = threading.Event()
    stop.set()
    with pytest.raises(LauncherError, match="Interrupted"):
        watcher(platform, io.StringIO(), stop=stop).bring_up(None)
