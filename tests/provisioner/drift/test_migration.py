"""The Job of an upgrade comes and goes by itself: it is of the release, and no drift is looked for in it."""

import pytest

from provisioner import helm
from provisioner.cluster import kinds
from provisioner.drift import desired
from provisioner.labels import RELEASE
from provisioner.values import chart_of, values_of
from tests.provisioner.drift.shop import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def test_a_store_is_clean_with_the_job_of_its_upgrade_and_without(shop: Shop) -> None:
    release = helm.helm().upgrade(RELEASE, shop.namespace, chart_of(shop.store), values_of(shop.store))
    desired.remember(shop.cluster, shop.store, release)
    (job,) = shop.cluster.list(kinds.JOB, shop.namespace)
    assert shop.judge() is None

    shop.cluster.delete(kinds.JOB, job["metadata"]["name"], shop.namespace)
    shop.cluster.wait_gone(kinds.JOB, job["metadata"]["name"], shop.namespace, timeout=60)

    assert shop.judge() is None
    assert shop.open() == []
    assert shop.condition()[0] == "False"
