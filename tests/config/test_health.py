"""Health: each part within its time, whatever the others do."""

import time
from collections.abc import Mapping
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from config import health
from config.health import Probes
from stores.provisioning import Check

GOOD = Check(True, "Fine.")


def answering(**parts: Check) -> Any:
    def probe() -> Mapping[str, Check]:
        return parts

    return probe


def test_a_hung_part_costs_the_timeout_once_and_not_the_others_answers() -> None:
    release = Event()

    def hung() -> Mapping[str, Check]:
        release.wait(30)
        return {"a": GOOD}

    probes = Probes({("a",): hung, ("b",): answering(b=GOOD)})
    started = time.monotonic()

    results = [probes.run(timeout=1.0) for _ in range(3)]

    release.set()
    assert time.monotonic() - started < 25  # it hangs for 30
    for result in results:
        assert result["a"] == Check(False, "No answer within 1 seconds.")
        assert result["b"] == GOOD


def test_a_part_that_hung_is_asked_anew_once_it_has_answered() -> None:
    release = Event()
    answers = iter([Check(False, "late"), GOOD])

    def slow() -> Mapping[str, Check]:
        release.wait(30)
        return {"a": next(answers)}

    probes = Probes({("a",): slow})
    assert not probes.run(timeout=0.1)["a"].ok
    release.set()
    deadline = time.monotonic() + 60
    while not probes.run(timeout=5.0)["a"].ok:
        assert time.monotonic() < deadline


def test_a_part_that_raises_is_not_ok_and_tells_no_more_than_the_kind_of_error() -> None:
    def broken() -> Mapping[str, Check]:
        raise ConnectionError("user=storeplane password=secret")

    assert Probes({("a", "b"): broken}).run() == {
        "a": Check(False, "The check failed: ConnectionError."),
        "b": Check(False, "The check failed: ConnectionError."),
    }


def test_readiness_is_200_when_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PROBES", Probes({("a",): answering(a=GOOD)}))

    for path in ("/health", "/health/ready", "/health/"):
        answer = Client().get(path)
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ready",
            "reasons": [],
            "checks": {"a": {"ok": True, "message": "Fine."}},
            "slots": settings.STOREPLANE_PROVISION_SLOTS,
        }


def test_readiness_is_503_with_the_reasons_when_a_part_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = answering(a=GOOD, b=Check(False, "Away."))
    monkeypatch.setattr(health, "PROBES", Probes({("a", "b"): failing}))

    answer = Client().get("/health")

    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["b: Away."]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_the_real_parts_are_all_named() -> None:
    checks = Client().get("/health").json()["checks"]

    assert set(checks) == {"database", "redis", "broker", "cluster", "workers", "beat"}
    assert checks["database"] == {"ok": True, "message": "The database answers."}
    assert checks["redis"] == {"ok": True, "message": "Redis answers."}


def test_serving_needs_the_database_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PROBES", Probes({("workers",): answering(workers=Check(False, "Away."))}))
    monkeypatch.setattr(health, "SERVING_PROBES", Probes({("database",): answering(database=GOOD)}))

    assert Client().get("/health/serving").status_code == 200
    assert Client().get("/health").status_code == 503

    monkeypatch.setattr(health, "SERVING_PROBES", Probes({("database",): answering(database=Check(False, "Away."))}))

    answer = Client().get("/health/serving/")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["database: Away."])


@pytest.mark.django_db(transaction=True)
def test_the_real_database_is_what_serving_asks() -> None:
    assert Client().get("/health/serving").json()["checks"] == {
        "database": {"ok": True, "message": "The database answers."}
    }


def test_liveness_asks_nobody() -> None:
    assert Client().get("/health/live").json() == {"status": "alive"}
