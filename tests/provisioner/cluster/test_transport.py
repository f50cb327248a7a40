"""How requests travel: timeouts, lost connections, processes, login, counting."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from provisioner.cluster import Cluster, Unavailable, Unconfigured
from provisioner.cluster.kinds import POD, SECRET
from provisioner.cluster.transport import Request, Transport
from tests.provisioner.fake_api import Asked, FakeApi, Reply, fake_api, kubeconfig, status

POD_X = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "n"}}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    with fake_api(lambda _: Reply(body=POD_X)) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{server.port}", "my-token")))
        yield server


def test_a_server_that_says_nothing_is_given_up_after_the_read_timeout(api: FakeApi) -> None:
    api.script = lambda _: Reply(silent=True)
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s \(get Pod \"x\"\)"):
        Transport().send(Request("get", "GET", POD, POD.path("n", "x"), name="x", read_timeout=0.3))
    assert 0.3 <= time.monotonic() - started < 30


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, "http://127.0.0.1:1")))
    with pytest.raises(Unavailable, match="could not be reached"):
        Cluster().version()


def test_a_connection_that_the_server_closed_is_made_again_for_what_may_be_repeated(api: FakeApi) -> None:
    dropped: list[Asked] = []

    def drop_once(asked: Asked) -> Reply:
        if dropped:
            return Reply(body=POD_X)
        dropped.append(asked)
        return Reply(drop=True)

    api.script = drop_once
    assert Cluster().get(POD, "x", "n") == POD_X
    assert len(api.asked) == 2


def test_a_create_whose_answer_was_lost_is_not_sent_twice(api: FakeApi) -> None:
    api.script = lambda _: Reply(drop=True)
    with pytest.raises(Unavailable):
        Cluster().create(POD_X)
    assert len(api.asked) == 1


def test_an_answer_that_is_not_json_is_unavailable(api: FakeApi) -> None:
    api.script = lambda _: Reply(lines=())
    with pytest.raises(Unavailable, match="was not JSON"):
        Cluster().get(POD, "x", "n")


def test_requests_say_who_asks_and_carry_the_login(api: FakeApi) -> None:
    Cluster().get(POD, "x", "n")
    (asked,) = api.asked
    assert asked.headers["user-agent"].startswith("storeplane/")
    assert asked.headers["authorization"] == "Bearer my-token"
    assert asked.path == "/api/v1/namespaces/n/pods/x"


def test_one_connection_serves_one_request_after_the_other(api: FakeApi) -> None:
    cluster = Cluster()
    for _ in range(3):
        cluster.get(POD, "x", "n")
    assert len({asked.connection for asked in api.asked}) == 1


def test_names_cannot_leave_their_place_in_the_path(api: FakeApi) -> None:
    Cluster().get(POD, "../secrets?x=1", "n")
    (asked,) = api.asked
    assert asked.path == "/api/v1/namespaces/n/pods/..%2Fsecrets%3Fx%3D1"


def test_a_local_server_is_never_asked_through_a_proxy(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Cluster().get(POD, "x", "n") == POD_X


def test_requests_are_counted_by_verb_resource_and_code(api: FakeApi) -> None:
    def count(code: str) -> float:
        labels = {"verb": "get", "resource": "secrets", "code": code}
        return REGISTRY.get_sample_value("store_platform_cluster_requests_total", labels) or 0.0

    before = [count("200"), count("404"), count("none")]
    replies = iter([Reply(), Reply(404, status(404, "NotFound", "gone")), Reply(drop=True), Reply(drop=True)])
    api.script = lambda _: next(replies)
    cluster = Cluster()
    cluster.get(SECRET, "x", "n")
    assert cluster.get(SECRET, "x", "n") is None
    with pytest.raises(Unavailable):
        cluster.get(SECRET, "x", "n")
    assert [count("200"), count("404"), count("none")] == [before[0] + 1, before[1] + 1, before[2] + 1]


def test_a_process_that_knows_no_cluster_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Unconfigured, match="set KUBECONFIG"):
        Cluster().version()


@pytest.mark.parametrize("content", ["", "]", "{}", "apiVersion: v1\nkind: Config\ncurrent-context: other\n"])
def test_a_broken_kubeconfig_is_named(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken"
    path.write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(Unconfigured, match=str(path)):
        Cluster().version()


_FORKING = """
import os, sys
from provisioner.cluster import cluster
from provisioner.cluster.kinds import POD

cluster().get(POD, "before", "n")
child = os.fork()
if not child:
    cluster().get(POD, "child", "n")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
cluster().get(POD, "after", "n")
"""


def test_a_client_made_before_a_fork_is_not_used_after_it(api: FakeApi) -> None:
    subprocess.run([sys.executable, "-c", _FORKING], check=True, timeout=60)
    connection = {asked.path.rpartition("/")[2]: asked.connection for asked in api.asked}
    assert connection["child"] != connection["before"]
    assert connection["after"] == connection["before"]


def test_importing_the_gateway_does_not_import_the_client() -> None:
    code = "import json, sys, provisioner.cluster, provisioner.helm; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    assert not {"kubernetes", "helm_python"} & set(loaded)
