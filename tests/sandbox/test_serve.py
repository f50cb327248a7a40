"""`python -m sandbox serve` from outside: as a process with ports, signals and a state folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.node.leftovers import marked_processes
from tests.sandbox.world import IMAGES, deployment, ingress, pod, service, stateful_set

Obj = dict[str, Any]
WAIT_SECONDS = 90.0


class Server:
    """One `python -m sandbox serve` on a state folder."""

    def __init__(self, state: Path, *options: str) -> None:
        command = [sys.executable, "-m", "sandbox", "serve", "--state", str(state), "--images", str(IMAGES)]
        command += ["--port", "0", "--ingress-port", "0", *options]
        self.state = state
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.url = self.line.rpartition(" ")[2].strip()

    def post(self, path: str, obj: Obj) -> None:
        httpx.post(f"{self.url}{path}", json=obj, timeout=60).raise_for_status()

    def get(self, path: str) -> Obj:
        found: Obj = httpx.get(f"{self.url}{path}", timeout=60).raise_for_status().json()
        return found

    def ready_pod(self, name: str) -> Obj:
        def found() -> Obj | None:
            for item in self.get("/api/v1/namespaces/shop/pods")["items"]:
                conditions = {c["type"]: c["status"] for c in item["status"].get("conditions", ())}
                if item["metadata"]["name"].startswith(name) and conditions.get("Ready") == "True":
                    return dict(item)
            return None

        made: Obj = until(found)
        return made

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)


def until(check: Callable[[], Any]) -> Any:
    end = time.monotonic() + WAIT_SECONDS
    while not (found := check()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts sandboxes, and ends what is left of them."""
    started: list[Server] = []

    def begin(*options: str, state: Path | None = None) -> Server:
        started.append(Server(state or tmp_path / "state", *options))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.end()
    assert marked_processes(tmp_path / "state") == []


def make_shop(server: Server) -> None:
    server.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    server.post("/apis/apps/v1/namespaces/shop/deployments", deployment())
    server.post("/apis/apps/v1/namespaces/shop/statefulsets", stateful_set())
    server.post("/api/v1/namespaces/shop/services", service())
    server.post("/apis/networking.k8s.io/v1/namespaces/shop/ingresses", ingress())


def test_it_says_when_it_is_ready_and_ends_with_zero(start: Callable[..., Server]) -> None:
    server = start()
    assert server.line.startswith("sandbox ready on http://127.0.0.1:")
    config = json.loads((server.state / "kubeconfig").read_text())
    assert config["current-context"] == "storeplane"
    assert config["clusters"][0]["cluster"]["server"] == server.url
    assert (server.state / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert server.end() == 0


def test_sigterm_ends_the_pods_and_the_next_start_brings_them_back(start: Callable[..., Server]) -> None:
    server = start()
    make_shop(server)
    web, database = server.ready_pod("web"), server.ready_pod("db-0")
    volume = next((server.state / "volumes").iterdir())
    (volume / "kept").write_text("yes")
    assert server.end() == 0
    assert marked_processes(server.state) == []

    again = start()
    until(lambda: again.ready_pod("db-0")["status"]["containerStatuses"][0]["restartCount"] == 1)
    back = again.ready_pod("db-0")
    assert back["metadata"]["uid"] == database["metadata"]["uid"]
    assert back["status"]["podIP"] == database["status"]["podIP"]
    until(lambda: again.ready_pod("web")["status"]["containerStatuses"][0]["restartCount"] == 1)
    address = again.ready_pod("web")["status"]["podIP"]
    assert address == web["status"]["podIP"]
    assert httpx.get(f"http://{address}:8080/read?{volume}/kept").text == "yes"


def test_after_sigkill_nothing_is_left_running(start: Callable[..., Server]) -> None:
    server = start()
    make_shop(server)
    server.ready_pod("web")
    assert len(marked_processes(server.state)) >= 2
    server.end(signal.SIGKILL)
    until(lambda: not marked_processes(server.state))

    for folder in ("pods/gone", "logs/shop_web_gone", "volumes/pvc-gone_shop_data"):
        (server.state / folder).mkdir()
    start()
    assert [str(found) for found in server.state.rglob("*gone*")] == []


def test_what_outlives_even_the_supervisor_is_ended_by_the_next_start(start: Callable[..., Server]) -> None:
    server = start()
    server.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    # A process that leaves its session and its parent, as a daemon does.
    twice = "if os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(600)\n os._exit(0)"
    detach = f"import os, time\n{twice}\ntime.sleep(600)"
    made = pod(command=["python", "-c", detach], startupProbe=None, readinessProbe=None)
    server.post("/api/v1/namespaces/shop/pods", made)
    server.ready_pod("web")
    until(lambda: len(marked_processes(server.state)) == 2)
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    supervisor = int(children.read_text().split()[0]) if children.exists() else child_of(server.process.pid)
    os.kill(server.process.pid, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    server.end(signal.SIGKILL)
    left = until(lambda: marked_processes(server.state) if len(marked_processes(server.state)) == 1 else [])

    again = start()
    again.ready_pod("web")
    assert left[0] not in marked_processes(again.state)


def child_of(parent: int) -> int:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                return int(folder.name)
    raise AssertionError("the sandbox has no child")


def test_a_second_sandbox_on_the_same_state_is_refused_in_one_sentence(start: Callable[..., Server]) -> None:
    server = start()
    error = failing("--state", str(server.state), "--port", "0")
    assert error == f"sandbox: A sandbox (process {server.process.pid}) is already running on {server.state}.\n"


@pytest.mark.parametrize(("option", "what"), [("--port", "API"), ("--ingress-port", "ingress")])
def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path, option: str, what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ports = {"--port": "0", "--ingress-port": "0", option: port}
        error = failing("--state", str(tmp_path), *(word for pair in ports.items() for word in pair))
    assert error == f"sandbox: The {what} can't listen on 127.0.0.1:{port}: address already in use.\n"


def test_a_broken_image_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sandbox.toml").write_text('image = "x"\nentrypoint = ["{nothing}"]\n')
    error = failing("--state", str(tmp_path / "state"), "--port", "0", "--images", str(tmp_path))
    assert f"{tmp_path}/sandbox.toml: unknown placeholder {{nothing}}" in error
    assert error.count("\n") == 1


def test_users_are_known_by_the_token_file_in_the_state_and_noted_in_the_log(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "tokens.csv").write_text("secret,ada,1,team\n")
    server = start("--without-token", "anonymous", "--audit-log", str(tmp_path / "audit"))
    path, told = "/api/v1/namespaces/default/pods", 'pods is forbidden: User "{}" cannot list resource "pods"'
    for headers, user in (({}, "system:anonymous"), ({"Authorization": "Bearer secret"}, "ada")):
        answer = httpx.get(f"{server.url}{path}", headers=headers)
        assert answer.status_code == 403
        assert answer.json()["message"].startswith(told.format(user))
    lines = [json.loads(line) for line in (tmp_path / "audit").read_text().splitlines()]
    assert [(line["user"], line["code"]) for line in lines] == [("system:anonymous", 403), ("ada", 403)]
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o600


def test_a_token_file_or_a_log_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    listed, missing = tmp_path / "listed", tmp_path / "none"
    listed.write_text("only-a-token\n")
    common = ("--state", str(tmp_path / "state"), "--port", "0")
    told = f"sandbox: Line 1 of {listed} is not token,name,uid,groups.\n"
    assert failing(*common, "--token-auth-file", str(listed)).endswith(told)
    told = f"sandbox: The token file {missing} can't be read: No such file or directory.\n"
    assert failing(*common, "--token-auth-file", str(missing)).endswith(told)
    told = f"sandbox: --audit-log {missing}/log can't be written: no such file or directory.\n"
    assert failing(*common, "--audit-log", f"{missing}/log").endswith(told)


def failing(*options: str) -> str:
    command = [sys.executable, "-m", "sandbox", "serve", "--ingress-port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_the_fake_runtime_has_pods_ready_without_a_process(start: Callable[..., Server]) -> None:
    server = start("--runtime", "fake", "--ready-after-ms", "50")
    make_shop(server)
    server.ready_pod("web")
    server.ready_pod("db-0")
    assert marked_processes(server.state) == []
