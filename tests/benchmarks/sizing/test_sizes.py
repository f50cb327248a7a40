"""What Medusa and its database take while they are made, start, idle and sell: where the plans' numbers come from."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from build_steps.database import Server
from tenants.plans import PLANS
from tests.benchmarks.sizing.usage import Usage, watched
from tests.images.medusa.store import Store
from tests.journey import buy

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]

# One line for each request would bury the table.
logging.getLogger("httpx").setLevel(logging.WARNING)
IDLE_SECONDS = 30
JOURNEYS = 100


def shoppers(store: Store, at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda number: buy(store.url, store.key, email=f"shopper-{number}@example.com"), range(JOURNEYS)))


def test_what_a_store_takes(store: Store, postgres: Server) -> None:
    phases: dict[str, tuple[Usage, Usage]] = {}
    server = [_server(postgres)]
    backend: list[int] = []

    def measure(name: str, act: Callable[[], object]) -> None:
        with watched(backend) as medusa, watched(server) as database:
            act()
        phases[name] = medusa, database

    def prepare() -> None:
        child = store.begin_prepare()
        backend.append(child.pid)
        child.communicate(timeout=300)
        assert child.returncode == 0

    def start() -> None:
        backend[:] = [store.begin_start().pid]
        while store.ready() != 200:
            time.sleep(0.05)

    measure("prepare", prepare)
    measure("start", start)
    measure(f"idle, {IDLE_SECONDS} s", lambda: time.sleep(IDLE_SECONDS))
    measure(f"{JOURNEYS} orders, one by one", lambda: shoppers(store, 1))
    measure(f"{JOURNEYS} orders, eight at once", lambda: shoppers(store, 8))
    measure(f"idle again, {IDLE_SECONDS} s", lambda: time.sleep(IDLE_SECONDS))
    _print(phases)


def _server(postgres: Server) -> int:
    """The process that listens at the server's port."""
    return next(
        process.pid
        for process in psutil.process_iter()
        for line in _lines_of(process)
        if line.status == psutil.CONN_LISTEN and line.laddr.port == postgres.port
    )


def _lines_of(process: psutil.Process) -> list[Any]:
    try:
        return list(process.net_connections("tcp"))
    except psutil.Error:
        return []


def _print(phases: dict[str, tuple[Usage, Usage]]) -> None:
    print(f"\n{'phase':28} {'seconds':>8} {'Medusa: peak MiB':>17} {'at the end':>11} {'CPU s':>7}", end="")
    print(f" {'PostgreSQL: peak MiB':>21} {'CPU s':>7}")
    for name, (medusa, database) in phases.items():
        print(f"{name:28} {medusa.seconds:8.1f} {medusa.peak:17.0f} {medusa.last:11.0f} {medusa.cpu:7.1f}", end="")
        print(f" {database.peak:21.0f} {database.cpu:7.1f}")
    for plan in PLANS.values():
        asked, most = plan.backend.memory_request, plan.backend.memory_limit
        print(f"plan {plan.name}: backend {asked} to {most}, database {plan.database.memory_request} to ", end="")
        print(plan.database.memory_limit)
