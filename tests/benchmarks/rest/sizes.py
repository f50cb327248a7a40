"""Platforms with so many stores, asked in turns, and what each sort of request costs there."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stores.models import Store
from tenants.models import Membership, Role, Tenant, User
from tests.benchmarks.figures import Row, at, machine, say, short, table
from tests.benchmarks.rest.asking import USER, ask, ask_together
from tests.benchmarks.websocket.processes import OURS, WebServer
from tests.crowds import crowd
from tests.people import as_user
from tests.services import run_sql

WARM_UP = 20
TURNS = 10
"""Each sort is asked for at one size and at the next, so often: what else goes on here hits all sizes alike."""
LISTS = {
    "the first 50": "/stores",
    "the first 200": "/stores?page_size=200",
    "of one phase": "/stores?phase=Failed",
    "of a word": "/stores?search=wd-7",
    "newest first": "/stores?ordering=-created_at",
}
ONE = "one by its name"
HEAD: Row = ("stores", "request", "queries", "kB", "p50", "p99", "max", "together p50", "p99", "a second")


@dataclass
class Cost:
    """Of one sort of request: milliseconds alone and with other clients, and the seconds that the latter took."""

    queries: int
    size: int = 0
    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def row(self, stores: int, what: str) -> Row:
        """Of the table."""
        alone, together = sorted(self.alone), sorted(self.together)
        times = (at(alone, 0.5), at(alone, 0.99), alone[-1], at(together, 0.5), at(together, 0.99))
        rate = short(round(len(together) / self.seconds))
        told = (f"{value:.1f}" for value in times)
        return (f"{stores:,}", what, f"{self.queries}", f"{self.size / 1000:.1f}", *told, rate)


@dataclass(frozen=True)
class Platform:
    """A web server, and its database with so many stores."""

    stores: int
    server: WebServer
    requests: dict[str, list[str]]
    queries: dict[str, int]


def run(sizes: Sequence[int], requests: int, clients: int, folder: Path) -> str:
    """The table; the number of queries must be the same at each size."""
    rows: list[Row] = [HEAD]
    with ExitStack() as stack:
        platforms = [stack.enter_context(filled(stores, requests, folder)) for stores in sizes]
        assert all(each.queries == platforms[0].queries for each in platforms), [each.queries for each in platforms]
        for what in platforms[0].requests:
            costs = in_turns(platforms, what, clients)
            for platform, cost in zip(platforms, costs, strict=True):
                rows.append(cost.row(platform.stores, what))
            say(f"{what}: {', '.join(f'{at(sorted(cost.alone), 0.5):.1f} ms' for cost in costs)}")
    head = f"{requests} requests of each, by one client and by {clients} at a time; ms; {machine()}"
    return "\n".join([head, "", *table(rows)])


def in_turns(platforms: Sequence[Platform], what: str, clients: int) -> list[Cost]:
    """What this sort of request costs on each platform."""
    costs = [Cost(platform.queries[what]) for platform in platforms]
    for turn in range(TURNS):
        for platform, cost in zip(platforms, costs, strict=True):
            port, paths = platform.server.port, platform.requests[what]
            if not turn:
                ask(port, paths[:WARM_UP])
            times, cost.size = ask(port, paths[turn::TURNS])
            cost.alone += times
            times, seconds = ask_together(port, paths[turn::TURNS], clients)
            cost.together += times
            cost.seconds += seconds
    return costs


@contextmanager
def filled(stores: int, requests: int, folder: Path) -> Iterator[Platform]:
    """A database of its own with so many stores, all of which one reader may see, and a server on it."""
    say(f"making {stores:,} stores")
    run_sql(folder, f"CREATE DATABASE stores_{stores}")
    connection.close()
    connection.settings_dict["NAME"] = f"stores_{stores}"
    call_command("migrate", verbosity=0)
    crowd(stores, conditions=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    user = User.objects.create(username=f"{USER}@header", external_id=USER)
    Membership.objects.create(tenant=Tenant.objects.get(slug="crowd"), user=user, role=Role.VIEWER)
    asked = _requests(requests)
    server = WebServer(OURS, folder / f"web-{stores}.log")
    try:
        yield Platform(stores, server, asked, {what: _queries(paths[0]) for what, paths in asked.items()})
    finally:
        server.stop()


def _requests(number: int) -> dict[str, list[str]]:
    """Paths by what they are for; of single stores one after the other, from all over the table."""
    names = list(Store.objects.not_gone().order_by("pk").values_list("name", flat=True))
    ones = [f"/stores/{names[index * len(names) // number]}" for index in range(number)]
    return {**{what: [path] * number for what, path in LISTS.items()}, ONE: ones}


def _queries(path: str) -> int:
    """By the same application in this process, where they can be counted."""
    reader = as_user(USER)
    with CaptureQueriesContext(connection) as captured:
        assert reader.get(path).status_code == 200
    return len(captured)
