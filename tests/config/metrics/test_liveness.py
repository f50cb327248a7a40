"""`GET /live`: red when a loop of the process hangs, and only then."""

import json
import os
import sys
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from django.test import override_settings

from config import beat
from config.celery import app
from config.metrics import liveness
from config.metrics import server as metrics_server
from config.metrics.folder import VARIABLE
from config.metrics.liveness import Pulse, broker_is_away
from tests.chaos.processes import Process
from tests.chaos.waiting import until
from tests.config.metrics.test_metrics_server import free_port, scrape, serving


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulse(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Pulse:
    """That of this process, on the test's clock."""
    made = Pulse(clock)
    monkeypatch.setattr(liveness, "PULSE", made)
    return made


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Served from this process, to whoever has the token."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with override_settings(STOREPLANE_METRICS_PORT=free_port(), STOREPLANE_METRICS_TOKEN="let-me-in"):
        made = metrics_server.serve()
        assert isinstance(made, ThreadingHTTPServer)
        yield made.server_port
    made.shutdown()
    made.server_close()


def test_a_loop_is_missed_after_its_time_and_well_again_when_it_comes_round(clock: Clock, pulse: Pulse) -> None:
    pulse.beat("The watch of pods", within=300)
    pulse.beat("The debouncer", within=60)

    clock.now = 60
    assert pulse.complaints() == []
    clock.now = 61
    assert pulse.complaints() == ["The debouncer was last seen 61 s ago, not within 60 s."]
    pulse.beat("The debouncer", within=60)
    assert pulse.complaints() == []
    clock.now = 301
    assert [sentence.partition(" was")[0] for sentence in pulse.complaints()] == ["The watch of pods", "The debouncer"]


def test_a_loop_that_is_excused_has_its_whole_time_once_the_excuse_is_gone(clock: Clock, pulse: Pulse) -> None:
    away = True
    pulse.beat("The loop", within=60, excuse=lambda: away)

    clock.now = 500
    assert pulse.complaints() == []
    away = False
    clock.now = 560
    assert pulse.complaints() == []
    clock.now = 561
    assert pulse.complaints() == ["The loop was last seen 61 s ago, not within 60 s."]


def test_the_port_tells_it_without_a_token(port: int, clock: Clock, pulse: Pulse) -> None:
    assert scrape(port, "/live")[:2] == (200, "application/json")
    pulse.beat("The loop", within=60)
    clock.now = 61

    status, content_type, body = scrape(port, "/live")

    assert (status, content_type) == (503, "application/problem+json")
    assert json.loads(body)["detail"] == "The loop was last seen 61 s ago, not within 60 s."
    assert scrape(port)[0] == 401


def test_beat_is_run_with_the_scheduler_that_tells() -> None:
    assert app.conf.beat_scheduler == "config.beat:TellingScheduler"


def test_each_tick_of_beat_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    noted = Pulse(clock)
    monkeypatch.setattr(beat, "PULSE", noted)
    scheduler = beat.TellingScheduler(app=app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    scheduler.setup_schedule()
    scheduler.schedule.clear()

    scheduler.tick()
    clock.now = 61

    assert noted._loops.keys() == {"Beat's loop"}
    scheduler.close()


@pytest.mark.usefixtures("redis_server")
def test_redis_that_answers_is_no_excuse() -> None:
    assert not broker_is_away()


@override_settings(REDIS_STREAMS_URL="redis://127.0.0.1:1/2")
def test_redis_that_is_away_is_one() -> None:
    assert broker_is_away()


@pytest.mark.usefixtures("redis_server", "postgres_server")
def test_a_worker_whose_event_loop_hangs_turns_red_though_its_port_answers(tmp_path: Path) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "celery", "-A", "tests.config.metrics.hanging_worker", "worker", "-Q", "drift"]
    argv += ["-c", "1", "--without-mingle", "--without-gossip", "--loglevel", "INFO"]
    env = {**os.environ, **serving(tmp_path, port), "HANG": str(tmp_path / "hang")}
    process = Process("worker", argv, env, tmp_path / "worker.log", "metrics served")
    process.start()
    try:
        until(process.is_ready, lambda: f"the worker to serve: {process.tail()}", seconds=60)
        until(lambda: scrape(port, "/live")[0] == 200, lambda: f"a live worker: {process.tail()}", seconds=60)
        (tmp_path / "hang").touch()
        until(lambda: scrape(port, "/live")[0] == 503, lambda: f"a red one: {scrape(port, '/live')}", seconds=60)
        assert "The worker's loop was last seen" in scrape(port, "/live")[2]
    finally:
        process.kill()
