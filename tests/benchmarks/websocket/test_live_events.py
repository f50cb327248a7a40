"""How soon listeners have an event: `pytest tests/benchmarks/websocket -s`. Prints a table, asserts no time.

Real PostgreSQL and Redis, uvicorn as in production in a process of its own, the clients in one or two others; this
process commits the events. All share the machine's clock, and its cores.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.websocket.events import House, house
from tests.benchmarks.websocket.processes import OURS, PEER, Clients, Got, WebServer

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

STEADY = 50
A_SECOND = 5
BURST = 100
DRAIN_SECONDS = 60.0
RECONNECTING = 200
OURS_NAME = "ours"
APPLICATIONS = {OURS_NAME: OURS, "polling 0.5 s": PEER}
WANTED_CLIENTS, WANTED_MS = 500, 200.0
HEAD = (
    f"{'':15}{'clients':>8} |{'p50':>7}{'p99':>7}{'max':>7} |{'p50':>7}{'p99':>7}{'max':>7} |"
    f"{'expected':>9}{'received':>9}{'lost':>6}{'doubled':>8} |{'before':>7}{'peak':>6} |{'CPU s':>6}"
)


@dataclass
class Outcome:
    """What one run showed; delays in milliseconds, memory in MiB."""

    steady: list[float]
    burst: list[float]
    expected: int
    received: int
    doubled: int
    memory: tuple[float, float]
    cpu: float

    @property
    def lost(self) -> int:
        return self.expected - self.received

    def line(self, name: str, clients: int) -> str:
        """A row of the table."""
        delays = " |".join("".join(f"{value:7.0f}" for value in shape(part)) for part in (self.steady, self.burst))
        counts = f"{self.expected:9}{self.received:9}{self.lost:6}{self.doubled:8}"
        return f"{name:15}{clients:8} |{delays} |{counts} |{self.memory[0]:7.0f}{self.memory[1]:6.0f} |{self.cpu:6.1f}"


def shape(delays: list[float]) -> tuple[float, float, float]:
    """Median, 99th percentile, greatest."""
    return statistics.median(delays), statistics.quantiles(delays, n=100)[98], max(delays)


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, int], Outcome]:
    """What was measured so far."""
    return {}


@pytest.mark.parametrize("clients", [100, 500, 1_000])
@pytest.mark.parametrize("name", APPLICATIONS)
def test_committed_to_received(
    name: str, clients: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], table: dict[tuple[str, int], Outcome]
) -> None:
    outcome = run(APPLICATIONS[name], clients, tmp_path)
    with capsys.disabled():
        if not table:
            print(
                f"\n{os.cpu_count()} cores; {STEADY} events, {A_SECOND} a second, then a burst of {BURST}; ms and MiB"
            )
            print(f"{'':23} |{'steady':^21} |{'burst':^21} |{'messages':^32} |{'memory':^13} |\n{HEAD}")
        print(outcome.line(name, clients))
        table[name, clients] = outcome
        if (name, clients) == (OURS_NAME, WANTED_CLIENTS):
            print(verdict(outcome))
    if name == OURS_NAME:
        assert (outcome.lost, outcome.doubled) == (0, 0)


def verdict(outcome: Outcome) -> str:
    """Wanted, measured, held."""
    p99 = shape(outcome.steady)[1]
    held = p99 <= WANTED_MS and not outcome.lost
    return (
        f"{'':15}wanted at {WANTED_CLIENTS} clients: p99 ≤ {WANTED_MS:.0f} ms, 0 lost; "
        f"measured: {p99:.0f} ms, {outcome.lost} lost; {'held' if held else 'NOT held'}"
    )


def run(application: str, clients: int, folder: Path) -> Outcome:
    """Start a server and the clients, commit the events, wait until all have come, end everything."""
    home = house(clients)
    server = WebServer(application, folder / "web.log")
    before = server.memory()
    listening = Clients(server.port, clients, folder)
    try:
        cpu = server.cpu()
        steadily(home, STEADY, server.memory)
        steady = set(home.committed)
        for _ in range(BURST):
            home.commit_one()
        expected = expectation(home, application)
        got = listening.finish(lambda client: len(expected(client)), DRAIN_SECONDS, server.memory)
        cpu = server.cpu() - cpu
    finally:
        listening.kill()
        server.stop()
    return Outcome(
        steady=delays(home, got, steady),
        burst=delays(home, got, set(home.committed) - steady),
        expected=sum(len(expected(client)) for client in range(clients)),
        received=sum(
            len(expected(client) & {event_id for event_id, _ in had["got"]}) for client, had in enumerate(got)
        ),
        doubled=sum(had["doubled"] for had in got),
        memory=(before, server.peak),
        cpu=cpu,
    )


def steadily(home: House, events: int, meanwhile: Callable[[], object]) -> None:
    """Commit so many events, each at its own time."""
    started = time.monotonic()
    for number in range(events):
        time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
        home.commit_one()
        meanwhile()


def expectation(home: House, application: str) -> Callable[[int], set[int]]:
    """What a client must get, by its number; the peer sends all to everybody."""
    everything = set(home.committed)
    return home.expected_by if application == OURS else lambda _client: everything


def delays(home: House, got: list[Got], events: set[int]) -> list[float]:
    """Milliseconds from the commit to each arrival."""
    return [
        (moment - home.committed[event_id]) * 1000
        for had in got
        for event_id, moment in had["got"]
        if event_id in events
    ]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_server_that_is_killed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = house(RECONNECTING)
    server = WebServer(APPLICATIONS[name], tmp_path / "web.log")
    listening = Clients(server.port, RECONNECTING, tmp_path)
    try:
        steadily(home, STEADY // 2, server.memory)
        server.kill()
        steadily(home, STEADY // 5, lambda: None)
        server.start()
        steadily(home, STEADY // 2, server.memory)
        expected = expectation(home, APPLICATIONS[name])
        got = listening.finish(lambda client: len(expected(client)), DRAIN_SECONDS / 4, server.memory)
    finally:
        listening.kill()
        server.stop()
    lost = sum(len(expected(client) - {event_id for event_id, _ in had["got"]}) for client, had in enumerate(got))
    doubled, dropped, connections = (sum(had[key] for had in got) for key in ("doubled", "dropped", "connections"))
    with capsys.disabled():
        print(
            f"\n{name}: server killed under {RECONNECTING} clients, {connections} connections, {len(home.committed)} "
            f"events: {lost} lost, {doubled} doubled on a connection, {dropped} sent again and dropped by their id"
        )
    if name == OURS_NAME:
        assert (lost, doubled) == (0, 0)
