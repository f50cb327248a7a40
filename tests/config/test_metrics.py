"""`/metrics`: the names of the design, right from every process, and the cost of a scrape."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from provisioner.operations import transitions
from stores.choices import Phase
from stores.models import Store
from tenants.models import Tenant
from tests.people import WISH, as_user
from tests.provisioner.factories import StoreFactory, operation
from tests.services import ROOT

pytestmark = pytest.mark.django_db


def samples() -> dict[tuple[str, ...], float]:
    text = Client().get("/metrics").content.decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("store_platform")
    }


def test_counts_come_from_the_database() -> None:
    ann = as_user("ann")
    for name in ("one", "two", "three"):
        ann.post("/stores", {**WISH, "name": name})
    Store.objects.filter(name="one").update(phase=Phase.READY)
    Store.objects.filter(name="two").update(phase=Phase.DELETING, deleted_at=timezone.now())

    found = samples()

    assert found["store_platform_stores_created_total", "medusa"] == 3
    assert found["store_platform_stores_created_total", "woocommerce"] == 0
    assert found["store_platform_stores_deleted_total",] == 1
    assert found["store_platform_stores_total", "Ready"] == 1
    assert found["store_platform_stores_total", "Pending"] == 1
    assert found["store_platform_stores_total", "Deleting"] == 0
    assert found["store_platform_queue_depth",] == 3
    assert found["store_platform_queue_oldest_seconds",] >= 0
    assert found["store_platform_slots", "used"] == 0
    assert found["store_platform_slots", "free"] == 3


def test_a_scrape_asks_three_queries_however_many_stores_there_are() -> None:
    tenant = Tenant.objects.create(slug="ann")
    Store.objects.bulk_create(Store(tenant=tenant, name=f"shop-{number}") for number in range(500))

    with CaptureQueriesContext(connection) as queries:
        Client().get("/metrics")

    assert len(queries) == 3


def test_what_was_given_up_is_counted_by_step_and_reason() -> None:
    failed = operation(StoreFactory())
    transitions.fail(transitions.claim(failed.steps.get(name="namespace")), "NamespaceTaken", "No.")

    assert samples()["store_platform_provisioning_failures_total", "NamespaceTaken", "namespace"] == 1


def test_nobody_is_named_in_a_label() -> None:
    as_user("ann-of-the-metrics").post("/stores", {**WISH, "name": "shop-of-the-metrics"})

    text = Client().get("/metrics").content.decode()

    assert "of-the-metrics" not in text


_COUNT = """
import sys
from prometheus_client import Counter
Counter("seen_by_processes", "A counter of several processes.").inc(int(sys.argv[1]))
"""


def test_counters_of_several_processes_are_summed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for amount in ("2", "3"):
        subprocess.run([sys.executable, "-c", _COUNT, amount], check=True, env=env, cwd=ROOT)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    text = Client().get("/metrics").content.decode()

    assert "seen_by_processes_total 5.0" in text
    assert "store_platform_stores_total" in text
