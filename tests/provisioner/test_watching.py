"""Following one kind for ever: each turn is noted for the kubelet's question."""

import threading
from pathlib import Path

import pytest

from config.metrics.liveness import Pulse
from provisioner import watching
from provisioner.cluster import Cluster
from provisioner.cluster.kinds import SECRET
from tests.chaos.waiting import until
from tests.provisioner.fake_api import Reply, fake_api, kubeconfig

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_watch_whose_cluster_is_away_still_turns_and_one_that_hangs_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    pulse = Pulse(lambda: now[0])
    hangs, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(watching, "PULSE", pulse)
    monkeypatch.setattr(watching, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(watching, "WATCH_SECONDS", 1.0)

    def relisted(_: object) -> None:
        hangs.set()
        stop.wait()

    broken = [Reply(code=503, body={}), Reply(code=503, body={})]
    page = {"kind": "SecretList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": []}
    with fake_api(lambda _: broken.pop() if broken else Reply(body=page)) as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{api.port}")))
        follower = threading.Thread(
            target=lambda: watching.follow(Cluster(), SECRET, lambda _: None, stop, relisted=relisted)
        )
        follower.start()
        try:
            until(hangs.is_set, lambda: f"a list after {len(api.asked)} requests", seconds=60)
            now[0] = 61
            assert pulse.complaints() == []
            now[0] += 1
            assert pulse.complaints() == ["The watch of secrets was last seen 62 s ago, not within 61 s."]
        finally:
            stop.set()
            follower.join(60)
