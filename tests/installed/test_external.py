"""values-prod.yaml with a database and a Redis of one's own: the Job `prepare` is a hook, before everything else."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

import pytest

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import (
    CUSTOM_RESOURCE_DEFINITION,
    DEPLOYMENT,
    JOB,
    NAMESPACE,
    NETWORK_POLICY,
    SECRET,
    STATEFUL_SET,
)
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.errors import HelmFailed
from provisioner.helm.runners import HelmChild
from tests.chaos.waiting import until
from tests.installed import external, hook
from tests.installed.external import Servers
from tests.installed.platform import HELM_SECONDS, PATIENCE_SECONDS, RELEASE, SPACE, Platform

pytestmark = [pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """They outlive the cluster: a PostgreSQL that is asked to stop waits for whoever is connected."""
    with external.started() as servers:
        yield servers


@pytest.fixture(scope="module")
def platform(servers: Servers, space: Cluster, ingress_port: int) -> Platform:
    """All that is done by hand, up to `helm install`."""
    for made in external.by_hand(servers):
        space.apply(made)
    external.allow_the_definition()
    helm, mine = ReleaseActions(space, HelmChild()), external.mine(servers, ingress_port)
    return Platform(space, helm, ingress_port, "values-prod.yaml", mine)


def test_the_hook_has_prepared_all_before_there_is_a_pod(platform: Platform, space: Cluster) -> None:
    before = hook.now(space)

    platform.install()

    done = before.job_done()
    assert done.object["metadata"]["name"] == hook.NAME
    assert done.object["metadata"]["annotations"][hook.ANNOTATION] == "pre-install,pre-upgrade"
    assert int(done.resource_version) < int(before.pods_changed().resource_version)
    assert hook_objects(space) == []
    assert space.get(CUSTOM_RESOURCE_DEFINITION, "stores.storeplane.dev") is not None
    assert list(space.list(STATEFUL_SET, SPACE)) == []


def test_the_admin_of_the_secret_gets_a_shop_by_one_post(platform: Platform, space: Cluster) -> None:
    made = space.get(SECRET, "storeplane", SPACE) or {}
    platform.sign_in(b64decode(made["data"]["admin-password"]).decode())

    assert platform.call("POST", "/stores", {"name": "tea", "engine": "medusa"}).status_code == 201

    platform.wait_for("tea", "Ready")


def test_an_upgrade_runs_the_hook_before_it_touches_a_pod_and_loses_nothing(platform: Platform, space: Cluster) -> None:
    store, before = platform.store("tea"), hook.now(space)

    platform.upgrade(settings={"sweepSeconds": 5})

    assert int(before.job_done().resource_version) < int(before.pods_changed().resource_version)
    assert hook_objects(space) == []
    assert platform.store("tea") == store


def test_a_hook_that_fails_fails_the_upgrade_and_the_old_pods_serve_on(
    platform: Platform, space: Cluster, servers: Servers
) -> None:
    serving = uids(platform)
    space.apply(external.secret("storeplane-database", {"url": servers.database_url("not-the-password")}))

    with pytest.raises(HelmFailed, match=f"pre-upgrade hooks failed.*{hook.NAME}"):
        platform.upgrade(prepare={"retries": 0}, settings={"sweepSeconds": 6})

    assert hook_objects(space) == [hook.NAME]
    (failed,) = hook.tries(space)
    assert 'password authentication failed for user "shops"' in external.log_of(failed, "migrate")
    assert uids(platform) - {failed["metadata"]["uid"]} == serving
    assert platform.missing() == []
    assert platform.store("tea")["phase"] == "Ready"


def test_the_next_upgrade_takes_the_place_of_the_failed_one(
    platform: Platform, space: Cluster, servers: Servers
) -> None:
    space.apply(external.secret("storeplane-database", {"url": servers.database_url()}))

    platform.upgrade(settings={"sweepSeconds": 6})

    assert hook_objects(space) == []
    assert platform.store("tea")["phase"] == "Ready"


def test_a_removal_leaves_the_secrets_and_the_shops(platform: Platform, space: Cluster) -> None:
    platform.helm.uninstall(RELEASE, SPACE, deadline=HELM_SECONDS)

    until(lambda: not platform.pods(), "the platform's pods to be gone", PATIENCE_SECONDS)
    assert list(space.list(DEPLOYMENT, SPACE)) == []
    assert hook_objects(space) == []
    secrets = {each["metadata"]["name"] for each in space.list(SECRET, SPACE)}
    assert secrets == {"cluster", "storeplane", "storeplane-database", "storeplane-redis", "store-tea"}
    assert space.get(NAMESPACE, "store-tea") is not None


def hook_objects(cluster: Cluster) -> list[str]:
    """What is there of the hook: the Job, and what it needs."""
    found = [each for kind in (JOB, NETWORK_POLICY) for each in cluster.list(kind, SPACE)]
    return [each["metadata"]["name"] for each in found if hook.ANNOTATION in each["metadata"].get("annotations", {})]


def uids(platform: Platform) -> set[str]:
    """The pods that are to stay; what an earlier upgrade has replaced may still be on its way out."""
    return {pod["metadata"]["uid"] for pod in platform.pods() if "deletionTimestamp" not in pod["metadata"]}
