"""A StatefulSet in order replaces no pod that isn't ready, so putting its template right isn't all of a heal."""

import pytest

from provisioner.cluster import Manifest
from provisioner.cluster.kinds import POD, STATEFUL_SET
from tests.chaos.waiting import until
from tests.provisioner.drift.shop import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

OTHER = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/none:1"}]
UNREADY = {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]}}


def test_a_database_whose_pod_was_broken_gets_another_with_the_heal(shop: Shop) -> None:
    until(lambda: is_ready(shop), "the database's pod to be ready")
    good = revision(shop)
    shop.cluster.patch_json(STATEFUL_SET, "postgres", shop.namespace, OTHER)
    until(lambda: revision(shop) not in ("", good) and is_ready(shop), "the pod to be of the other image")
    # The runtime of these tests starts any image.
    shop.cluster.patch_merge(POD, "postgres-0", shop.namespace, UNREADY, subresource="status")

    shop.judge(("StatefulSet", "postgres"))
    assert shop.heal()

    until(lambda: revision(shop) == good and is_ready(shop), "the pod to be as it was")
    assert shop.open() == []


def pod(shop: Shop) -> Manifest:
    return next((each for each in shop.cluster.list(POD, shop.namespace) if _name(each) == "postgres-0"), {})


def revision(shop: Shop) -> str:
    """Of the template that the pod was made by; empty while there is none."""
    return str(pod(shop).get("metadata", {}).get("labels", {}).get("controller-revision-hash", ""))


def is_ready(shop: Shop) -> bool:
    conditions = pod(shop).get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _name(found: Manifest) -> str:
    return str(found["metadata"]["name"])
