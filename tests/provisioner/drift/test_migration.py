"""The Job of an upgrade belongs to the store like anything else of its release."""

from typing import Any

import pytest

from provisioner import helm
from provisioner.cluster import kinds
from provisioner.drift import desired
from provisioner.labels import RELEASE
from provisioner.values import chart_of, values_of
from tests.provisioner.drift.shop import Object, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


@pytest.fixture
def job(shop: Shop) -> Object:
    """The Job of the shop's upgrade, which the platform has taken note of."""
    return _upgrade(shop)


def _upgrade(shop: Shop, **more: Any) -> Object:
    values = {**values_of(shop.store), **more}
    release = helm.helm().upgrade(RELEASE, shop.namespace, chart_of(shop.store), values)
    desired.remember(shop.cluster, shop.store, release)
    (found,) = shop.cluster.list(kinds.JOB, shop.namespace)
    return "Job", found["metadata"]["name"]


def test_a_store_with_a_job_is_clean(shop: Shop, job: Object) -> None:
    assert shop.judge() is None
    assert shop.open() == []
    assert job in shop.versions()


def test_a_deleted_job_is_put_back_and_nothing_else_is_touched(shop: Shop, job: Object) -> None:
    before = shop.versions()
    shop.cluster.delete(kinds.JOB, job[1], shop.namespace)
    shop.cluster.wait_gone(kinds.JOB, job[1], shop.namespace, timeout=60)

    shop.judge(job)
    assert [(finding.kind, finding.name) for finding in shop.open()] == [job]
    assert shop.heal()

    after = shop.versions()
    assert {each for each in before if before[each] != after[each]} == {job}
    assert shop.judge() is None


def test_a_job_that_somebody_stopped_goes_on(shop: Shop, job: Object) -> None:
    shop.cluster.patch_merge(kinds.JOB, job[1], shop.namespace, {"spec": {"backoffLimit": 0}})

    shop.judge(job)
    assert ["/spec/backoffLimit" in finding.message for finding in shop.open()] == [True]
    assert shop.heal()

    assert shop.get(*job)["spec"]["backoffLimit"] == 4


def test_another_image_is_another_job_and_the_one_before_is_no_drift(shop: Shop, job: Object) -> None:
    images = {**values_of(shop.store)["images"], "medusa": "storeplane/medusa:9.9.9"}

    newer = _upgrade(shop, images=images)

    assert newer != job
    assert shop.judge() is None
    assert shop.judge(job) is None
