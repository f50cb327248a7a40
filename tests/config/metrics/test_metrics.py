"""`/metrics`: the names of the design, right from every process, and the cost of a scrape."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.db.models import F
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from provisioner.cluster.transport import REQUESTS
from provisioner.drift.orphans.models import Orphan, OrphanKind
from provisioner.operations import tallies, transitions
from provisioner.operations.models import Operation, OperationKind, Step
from provisioner.operations.sweeping import alone
from provisioner.operations.tasks import BEAT_KEY
from provisioner.presence import announce
from stores.choices import Phase
from stores.models import Store
from stores.publish import streams
from tests.crowds import crowd
from tests.people import WISH, as_user
from tests.provisioner.factories import StoreFactory, operation
from tests.services import ROOT

pytestmark = pytest.mark.django_db

DOCS = ROOT / "docs" / "metrics.md"


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


@pytest.mark.parametrize("stores", [10, 10_000])
def test_a_scrape_asks_five_grouped_queries_however_many_stores_and_steps_there_are(stores: int) -> None:
    crowd(stores, tallies=stores)

    with CaptureQueriesContext(connection) as queries:
        found = samples()

    asked = [(re.findall(r'FROM "(\w+)"', query["sql"]), "GROUP BY" in query["sql"]) for query in queries]
    own = ["provisioner_tally", "provisioner_orphan", "provisioner_operation"]
    tables = ["stores_store", "provisioner_operation", *own]
    assert asked == [([table], True) for table in tables]
    assert found["store_platform_stores_created_total", "medusa"] == stores
    assert found["store_platform_step_seconds_count", "helm"] == stores


def test_a_birth_is_timed_from_the_request_to_the_first_ready_and_stays_counted_when_the_store_is_gone() -> None:
    born = StoreFactory()
    Store.objects.filter(pk=born.pk).update(ready_at=born.created_at + timedelta(seconds=12))
    gone = StoreFactory()
    Store.objects.filter(pk=gone.pk).update(
        ready_at=gone.created_at + timedelta(seconds=5), deletion_requested_at=timezone.now(), deleted_at=timezone.now()
    )
    StoreFactory()  # never ready

    found = samples()

    buckets = {le: found["store_platform_provisioning_seconds_bucket", le] for le in ("2.5", "5.0", "10.0", "15.0")}
    assert buckets == {"2.5": 0, "5.0": 1, "10.0": 1, "15.0": 2}
    assert found["store_platform_provisioning_seconds_bucket", "+Inf"] == 2
    assert found["store_platform_provisioning_seconds_count",] == 2
    assert found["store_platform_provisioning_seconds_sum",] == 17


def test_the_time_of_a_step_is_a_histogram_by_its_name() -> None:
    lease = transitions.claim(operation(StoreFactory()).steps.get(name="namespace"))
    Step.objects.filter(pk=lease.step_id).update(started_at=F("started_at") - timedelta(seconds=70))
    transitions.finish(lease)

    found = samples()

    assert found["store_platform_step_seconds_bucket", "60.0", "namespace"] == 0
    assert found["store_platform_step_seconds_bucket", "120.0", "namespace"] == 1
    assert found["store_platform_step_seconds_count", "namespace"] == 1
    assert 70 <= found["store_platform_step_seconds_sum", "namespace"] < 120


def test_the_queue_is_as_old_as_the_first_that_waits_for_a_slot() -> None:
    for hours in (1, 3):
        waiting = operation(StoreFactory(), running=False)
        Operation.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(hours=hours))
    operation(StoreFactory())
    operation(StoreFactory(), OperationKind.TEARDOWN)

    found = samples()

    assert found["store_platform_queue_depth",] == 2
    assert 3 * 3600 <= found["store_platform_queue_oldest_seconds",] < 3 * 3600 + 300
    assert (found["store_platform_slots", "used"], found["store_platform_slots", "free"]) == (1, 2)


def test_what_was_given_up_is_counted_by_step_and_reason() -> None:
    failed = operation(StoreFactory())
    transitions.fail(transitions.claim(failed.steps.get(name="namespace")), "NamespaceTaken", "No.")

    assert samples()["store_platform_provisioning_failures_total", "NamespaceTaken", "namespace"] == 1


def test_what_is_left_of_stores_that_are_gone_is_counted_by_kind() -> None:
    for name in ("store-one", "store-two"):
        now = timezone.now()
        Orphan.objects.create(kind=OrphanKind.NAMESPACE, name=name, uid=name, why="", seen_first=now, seen_last=now)

    found = samples()

    assert found["store_platform_orphans", "Namespace"] == 2
    assert {found["store_platform_orphans", kind] for kind in OrphanKind if kind != OrphanKind.NAMESPACE} == {0}


def test_removals_that_are_held_up_are_counted() -> None:
    for blocker in ("", "a finalizer", "a finalizer"):
        work = operation(StoreFactory(), OperationKind.TEARDOWN)
        Operation.objects.filter(pk=work.pk).update(blocker=blocker)

    assert samples()["store_platform_teardowns_blocked",] == 2


def test_workers_are_counted_by_queue_and_the_last_sweep_is_timed() -> None:
    streams().flushdb()
    assert samples()["store_platform_last_sweep_seconds",] == float("inf")
    announce("events@one", ["drift", "events"])
    announce("events@two", ["events"])
    streams().set(BEAT_KEY, (timezone.now() - timedelta(seconds=100)).isoformat())

    found = samples()

    workers = {queue: found["store_platform_workers", queue] for queue in ("provision", "teardown", "drift", "events")}
    assert workers == {"provision": 0, "teardown": 0, "drift": 1, "events": 2}
    assert 100 <= found["store_platform_last_sweep_seconds",] < 200


def test_while_redis_is_away_nothing_is_said_of_workers_and_everything_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr("provisioner.metrics.present", away)

    names = {name for name, *_ in samples()}

    assert "store_platform_stores_total" in names
    assert not names & {"store_platform_workers", "store_platform_last_sweep_seconds"}


def test_a_sweep_that_fails_is_counted_and_timed() -> None:
    before = samples()

    with pytest.raises(ZeroDivisionError), alone("cellar"):
        raise ZeroDivisionError
    with alone("cellar"):
        pass

    found = samples()
    assert "store_platform_sweep_failures_total" not in {name for name, *labels in before if "cellar" in labels}
    assert found["store_platform_sweep_failures_total", "cellar"] == 1
    assert found["store_platform_sweep_seconds_count", "cellar"] == 2


def test_nobody_is_named_in_a_label() -> None:
    as_user("ann-of-the-metrics").post("/stores", {**WISH, "name": "shop-of-the-metrics"})

    text = Client().get("/metrics").content.decode()

    assert "of-the-metrics" not in text


@override_settings(STOREPLANE_METRICS_TOKEN="let-me-in")
@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer let-me-out", "Basic let-me-in", "let-me-in", "Bearer let-me-ïn"]
)
def test_with_a_token_set_a_scrape_without_it_is_refused_and_asks_nothing(authorization: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = Client(headers={"Authorization": authorization}).get("/metrics")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="metrics"'
    assert answer.json()["type"] == "urn:storeplane:problem:not-authenticated"
    assert "let-me-in" not in answer.content.decode()
    assert not queries


@override_settings(STOREPLANE_METRICS_TOKEN="let-me-in")
@pytest.mark.parametrize("authorization", ["Bearer let-me-in", "bearer let-me-in"])
def test_with_the_token_everything_is_told(authorization: str) -> None:
    answer = Client(headers={"Authorization": authorization}).get("/metrics")

    assert answer.status_code == 200
    assert b"store_platform_stores_total" in answer.content


def test_the_page_of_metrics_names_what_is_exported_with_its_type_and_labels() -> None:
    StoreFactory()
    work = operation(StoreFactory())
    transitions.finish(transitions.claim(work.steps.get(name="namespace")))
    transitions.fail(transitions.claim(work.steps.get(name="helm")), "Timeout", "No.")
    REQUESTS.labels("get", "pods", "200").inc()
    tallies.count_drift("Deployment")
    with alone("attic"):
        pass

    assert described() == exported()


def exported() -> dict[str, tuple[str, frozenset[str]]]:
    """Name → type and labels, of our own metrics as a scrape shows them."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for family in text_string_to_metric_families(Client().get("/metrics").content.decode()):
        if family.name.startswith("store_platform"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
            found[name] = (family.type, labels)
    return found


def described() -> dict[str, tuple[str, frozenset[str]]]:
    """The same, as the table in docs/metrics.md says."""
    rows = re.findall(r"^\| `(store_platform_\w+)` \| (\w+) \| ([^|]*) \|", DOCS.read_text(), re.MULTILINE)
    return {name: (type_, frozenset(re.findall(r"`(\w+)`", labels))) for name, type_, labels in rows}


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
