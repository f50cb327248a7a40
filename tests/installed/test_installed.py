"""`helm install` of the platform's own chart and one POST give a shop that takes an order."""

from __future__ import annotations

import pytest

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import DEPLOYMENT, NAMESPACE, PERSISTENT_VOLUME_CLAIM
from tests.chaos.waiting import until
from tests.installed.platform import PATIENCE_SECONDS, RELEASE, SPACE, Platform
from tests.journey import place_order

pytestmark = [pytest.mark.timeout(1500)]


def test_one_post_gives_a_shop_that_takes_an_order(platform: Platform) -> None:
    assert platform.call("POST", "/stores", {"name": "tea", "engine": "medusa"}).status_code == 201
    store = platform.wait_for("tea", "Ready")

    told = platform.call("GET", "/stores/tea/credentials").json()
    host = f"tea.localhost:{platform.port}"
    assert store["url"] == f"http://{host}"
    order = place_order(
        f"http://127.0.0.1:{platform.port}",
        told["publishable_key"],
        told["admin_email"],
        told["admin_password"],
        host=host,
    )
    assert order["email"] == "ada@example.com"


def test_an_upgrade_in_the_middle_of_a_birth_loses_nothing(platform: Platform) -> None:
    assert platform.call("POST", "/stores", {"name": "coffee", "engine": "medusa"}).status_code == 201
    until(lambda: platform.store("coffee").get("phase") == "Provisioning", "the birth to begin")

    platform.upgrade(stores={"queueLimit": 150}, settings={"sweepSeconds": 5})

    platform.wait_for("coffee", "Ready")
    told = [event["type"] for event in platform.call("GET", "/stores/coffee/logs").json()["results"]]
    assert told.count("STORE_READY") == 1
    assert platform.store("tea")["phase"] == "Ready"


def test_a_store_is_removed_and_the_platform_leaves_its_data(platform: Platform, cluster: Cluster) -> None:
    for name in ("tea", "coffee"):
        assert platform.call("DELETE", f"/stores/{name}").status_code == 202
    for name in ("tea", "coffee"):
        until(lambda name=name: platform.store(name) == {}, f"{name} to be gone", PATIENCE_SECONDS)  # type: ignore[misc]
        assert cluster.get(NAMESPACE, f"store-{name}") is None

    platform.helm.uninstall(RELEASE, SPACE, deadline=120)

    until(lambda: not platform.pods(), "the platform's pods to be gone", PATIENCE_SECONDS)
    assert list(cluster.list(DEPLOYMENT, SPACE)) == []
    kept = {claim["metadata"]["name"] for claim in cluster.list(PERSISTENT_VOLUME_CLAIM, SPACE)}
    assert kept == {f"data-{RELEASE}-postgresql-0", f"data-{RELEASE}-redis-0"}
