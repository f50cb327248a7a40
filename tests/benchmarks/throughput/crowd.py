"""Many stores asked for at once, and what that takes of the platform's processes."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
from django.conf import settings

from provisioner.operations.models import Operation, OperationKind
from stores.choices import Phase
from tests.benchmarks.figures import WANTED, Row, at, handovers, judged, machine, most_at_once, say, short, table
from tests.benchmarks.launched import Launched
from tests.chaos.waiting import until

LOOK_EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 1800.0
HELM = "Helm, of worker-provision's"


@dataclass
class Outcome:
    """Times in seconds since the first POST."""

    answered: list[float] = field(default_factory=list)
    """How long each POST took."""
    ready: list[float] = field(default_factory=list)
    """When each store was, in order."""
    seen: int = 0
    """Most that the API ever showed as Provisioning at one look."""
    slots: list[tuple[float, float]] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)


def run(platform: Launched, stores: int) -> str:
    """One store that doesn't count, for all that is only done once; then so many; the tables."""
    asked_for(platform, ["warm-up"])
    outcome = asked_for(platform, [f"shop-{number}" for number in range(stores)])
    assert most_at_once(outcome.slots) == min(stores, settings.STOREPLANE_PROVISION_SLOTS), outcome.slots
    assert outcome.seen <= settings.STOREPLANE_PROVISION_SLOTS, outcome.seen
    return "\n".join([f"{stores} stores at once; {machine()}", *report(outcome)])


def asked_for(platform: Launched, names: Sequence[str]) -> Outcome:
    """Ask for them at once, wait until all are Ready, and have them removed."""
    outcome, before = Outcome(), _cpu(platform)
    wall = time.time()
    with ThreadPoolExecutor(len(names)) as threads:
        outcome.answered = sorted(threads.map(lambda name: _post(platform, name), names))
    _wait(platform, names, outcome)
    outcome.cpu = {name: seconds - before[name] for name, seconds in _cpu(platform).items()}
    _take_rows(names, wall, outcome)
    for name in names:
        platform.door.call("DELETE", f"/stores/{name}")
    for name in names:
        platform.door.wait_until_gone(name)
    return outcome


def _post(platform: Launched, name: str) -> float:
    begun = time.monotonic()
    platform.door.create(name, plan="small")
    return time.monotonic() - begun


def _wait(platform: Launched, names: Sequence[str], outcome: Outcome) -> None:
    told = -1

    def look() -> bool:
        nonlocal told
        phases = platform.door.phases()
        assert Phase.FAILED not in phases.values(), phases
        now = [phases[name] for name in names]
        outcome.seen = max(outcome.seen, now.count(Phase.PROVISIONING))
        if (ready := now.count(Phase.READY)) != told:
            told = ready
            say(f"{ready} of {len(names)} are Ready")
        return ready == len(names)

    until(look, "all stores to be Ready", PATIENCE_SECONDS, every=LOOK_EVERY_SECONDS)


def _take_rows(names: Sequence[str], since: float, outcome: Outcome) -> None:
    """What the rows tell: when each operation had its slot, and how long each step went on."""
    for operation in Operation.objects.filter(store__name__in=names, kind=OperationKind.PROVISION):
        assert operation.started_at is not None, operation
        assert operation.finished_at is not None, operation
        span = (operation.started_at.timestamp() - since, operation.finished_at.timestamp() - since)
        outcome.slots.append(span)
        outcome.ready.append(span[1])
        for step in operation.steps.all():
            assert step.started_at is not None, step
            assert step.finished_at is not None, step
            spent = (step.finished_at - step.started_at).total_seconds()
            outcome.steps.setdefault(step.name, []).append(spent)
    outcome.ready.sort()


def _cpu(platform: Launched) -> dict[str, float]:
    """CPU seconds so far by process. A worker's ended children count with it, and those are Helm's alone."""
    spent, helm = {}, 0.0
    for name, tree in platform.trees().items():
        own, ended = map(sum, zip(*(_times(process) for process in tree), strict=True))
        spent[name] = own + ended
        helm += ended if name == "worker-provision" else 0.0
    return {**spent, HELM: helm}


def _times(process: psutil.Process) -> tuple[float, float]:
    """Its own, and those of children that it has waited for."""
    with suppress(psutil.Error):
        times = process.cpu_times()
        return times.user + times.system, times.children_user + times.children_system
    return 0.0, 0.0


def report(outcome: Outcome) -> list[str]:
    """The tables, and what was wanted."""
    slots, stores = settings.STOREPLANE_PROVISION_SLOTS, len(outcome.ready)
    held = [ended - begun for begun, ended in outcome.slots]
    rates: list[Row] = [
        ("what", "figure"),
        ("stores a minute", short(stores / outcome.ready[-1] * 60)),
        ("first Ready, s", short(outcome.ready[0])),
        ("median Ready, s", short(at(outcome.ready, 0.5))),
        ("last Ready, s", short(outcome.ready[-1])),
        ("POST answered, median s", _median(outcome.answered)),
        ("POST answered, longest s", short(outcome.answered[-1])),
        ("a store has its slot, median s", _median(held)),
        ("a slot stands empty between two, median s", _median(handovers(outcome.slots, slots))),
    ]
    parts = {
        "Rates": rates,
        "Seconds of work for each store": _steps(outcome),
        "CPU seconds of the platform": _processor(outcome, stores),
        "Wanted": [
            WANTED,
            judged("provisioned at once, by the rows", slots, most_at_once(outcome.slots)),
            judged("shown as Provisioning at once", slots, outcome.seen),
        ],
    }
    return [line for title, rows in parts.items() for line in ("", title, *table(rows))]


def _median(values: Sequence[float]) -> str:
    return short(statistics.median(values)) if values else ""


def _steps(outcome: Outcome) -> list[Row]:
    rows: list[Row] = [("step", "median", "longest", "a store")]
    for step, spent in outcome.steps.items():
        rows.append((step, _median(spent), short(max(spent)), short(statistics.mean(spent))))
    each = [sum(spent) for spent in zip(*outcome.steps.values(), strict=True)]
    rows.append(("all steps", _median(each), short(max(each)), short(statistics.mean(each))))
    return rows


def _processor(outcome: Outcome, stores: int) -> list[Row]:
    workers = sum(spent for name, spent in outcome.cpu.items() if name.startswith("worker"))
    rows = {**outcome.cpu, "all workers": workers}
    return [("process", "all", "a store"), *((name, short(s), short(s / stores)) for name, s in rows.items())]
