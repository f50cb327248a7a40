"""What is counted of steps: once each, for ever, and by a table that stays short."""

import importlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from provisioner.operations import tallies, transitions
from provisioner.operations.errors import LeaseLost
from provisioner.operations.models import Operation, OperationKind, OperationState, Step, StepState
from provisioner.operations.tallies import Measure, Tally, totals
from provisioner.service import ClusterProvisioner
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db(transaction=True)


def done(work: Operation, name: str, seconds: float = 0.0) -> None:
    """Finish a step that was started so many seconds ago."""
    lease = transitions.claim(work.steps.get(name=name))
    Step.objects.filter(pk=lease.step_id).update(started_at=F("started_at") - timedelta(seconds=seconds))
    transitions.finish(lease)


def failed(work: Operation, name: str, reason: str) -> None:
    transitions.fail(transitions.claim(work.steps.get(name=name)), reason, "No.")
    transitions.end(work, OperationState.FAILED, reason)


def timed_steps() -> dict[str, int]:
    return {step: sum(timed.by_bucket.values()) for step, timed in totals().timed.items()}


def test_a_finished_step_is_counted_with_its_time_from_its_first_start() -> None:
    done(operation(StoreFactory()), "helm", seconds=70)

    timed = totals().timed["helm"]
    assert dict(timed.by_bucket) == {120.0: 1}
    assert 70_000_000 <= timed.microseconds < 120_000_000


def test_a_step_that_outlasts_every_bound_falls_into_the_last_bucket() -> None:
    done(operation(StoreFactory()), "backend", seconds=10_000)

    assert dict(totals().timed["backend"].by_bucket) == {float("inf"): 1}


def test_a_removal_s_namespace_is_not_a_birth_s() -> None:
    done(operation(StoreFactory()), "namespace")
    done(operation(StoreFactory(), OperationKind.TEARDOWN), "namespace")

    assert timed_steps() == {"namespace": 1, "teardown-namespace": 1}


def test_a_step_that_was_skipped_took_no_time_and_is_not_counted() -> None:
    lease = transitions.claim(operation(StoreFactory()).steps.get(name="helm"))
    transitions.finish(lease, StepState.SKIPPED)

    assert timed_steps() == {}


def test_who_lost_the_lease_counts_nothing() -> None:
    work = operation(StoreFactory())
    lease = transitions.claim(work.steps.get(name="helm"))
    transitions.rewind(work, 2)

    for record in (transitions.finish, lambda lost: transitions.fail(lost, "Gone", "No.")):
        with pytest.raises(LeaseLost):
            record(lease)

    assert not Tally.objects.exists()


def test_a_rewound_operation_takes_nothing_back_and_counts_what_is_done_again() -> None:
    work = operation(StoreFactory())
    done(work, "namespace")
    transitions.rewind(work, 2)
    assert timed_steps() == {"namespace": 1}

    done(work, "namespace")

    assert timed_steps() == {"namespace": 2}


def test_a_retry_keeps_the_failure_and_a_second_one_is_counted_beside_it() -> None:
    store = StoreFactory()
    failed(operation(store), "helm", "ChartInvalid")

    again = Operation.objects.get(pk=ClusterProvisioner().start_over(store).id)
    assert dict(totals().failures) == {("helm", "ChartInvalid"): 1}
    transitions.start(again)
    failed(again, "helm", "ChartInvalid")

    assert dict(totals().failures) == {("helm", "ChartInvalid"): 2}


def test_counts_are_there_when_the_store_is_not() -> None:
    store = StoreFactory()
    failed(operation(store), "db", "Timeout")

    store.delete()

    assert dict(totals().failures) == {("db", "Timeout"): 1}


def loose(rows: int) -> None:
    Tally.objects.bulk_create(
        Tally(measure=Measure.STEP_SECONDS, step=f"step-{number % 3}", le=1.0, microseconds=number)
        for number in range(rows)
    )
    Tally.objects.create(measure=Measure.FAILURE, step="db", reason="Timeout", count=4)


def test_folding_keeps_every_total_and_leaves_a_row_of_each_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_LOOSE_ROWS", 50)
    loose(100)
    before = totals()

    assert tallies.fold() == 101

    assert totals() == before
    assert Tally.objects.count() == 4


def test_few_rows_are_left_as_they_are() -> None:
    loose(10)

    assert tallies.fold() == 0
    assert Tally.objects.count() == 11


def test_folds_at_once_with_each_other_and_with_counting_lose_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tallies, "MOST_LOOSE_ROWS", 5)
    loose(300)
    seen: list[int] = []

    def act(number: int) -> None:
        try:
            if number % 3 == 0:
                tallies.fold()
            elif number % 3 == 1:
                Tally.objects.create(measure=Measure.FAILURE, step="db", reason="Timeout")
            else:
                seen.append(sum(timed_steps().values()))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(60)))

    assert set(seen) == {300}
    assert sum(timed_steps().values()) == 300
    assert dict(totals().failures) == {("db", "Timeout"): 24}


def test_the_migration_counts_what_was_done_before_as_if_it_had_been_there() -> None:
    work = operation(StoreFactory())
    done(work, "namespace", seconds=0.3)
    done(work, "helm", seconds=42)
    failed(work, "db", "Timeout")
    done(operation(StoreFactory(), OperationKind.TEARDOWN), "namespace", seconds=3_600)
    counted = totals()
    Tally.objects.all().delete()

    with connection.cursor() as cursor:
        cursor.execute(importlib.import_module("provisioner.migrations.0003_tallies").SEED)

    assert totals() == counted
