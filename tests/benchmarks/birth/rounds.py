"""Rounds of two births each, the platform's and one by hand, and what they add up to."""

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioner.operations.models import Operation, OperationKind
from tests.benchmarks.birth import by_hand
from tests.benchmarks.birth.requests import Asked, Log, sorted_out
from tests.benchmarks.drift.platform import is_quiet
from tests.benchmarks.figures import WANTED, Row, judged, machine, say, short, table
from tests.benchmarks.launched import Launched
from tests.chaos.waiting import until

SHARE_SECONDS, REQUESTS = 1, 40
"""Wanted of the platform at most."""
CALM_SECONDS = 1.0
_STEP_OF = {"applied": "helm"}
_MEANING = {
    "applied": "all objects applied",
    "db": "database ready",
    "backend": "backend ready",
    "storefront": "storefront ready",
    "ready": "Ready",
}

Marks = dict[str, float]
"""Seconds since the wish."""


@dataclass
class Birth:
    """One of the platform's. `marks` as by hand, `spans` when each step began and ended, seconds since the wish."""

    marks: Marks
    answered: float
    spans: dict[str, tuple[float, float]]
    asked: Asked


@dataclass
class Rounds:
    """What was measured."""

    hands: list[Marks] = field(default_factory=list)
    births: list[Birth] = field(default_factory=list)


def run(platform: Launched, rounds: int) -> str:
    """So many rounds, each way going first in turn, after one that doesn't count; the tables."""
    log, done = Log(platform.audit), Rounds()
    for number in range(rounds + 1):
        hand, birth = _round(platform, log, number)
        say(f"round {number} of {rounds}: by hand {hand['ready']:.2f} s, the platform {birth.marks['ready']:.2f} s")
        if number:
            done.hands.append(hand)
            done.births.append(birth)
    return "\n".join([f"{rounds} rounds; {machine()}", *report(done)])


def _round(platform: Launched, log: Log, number: int) -> tuple[Marks, Birth]:
    if number % 2:
        hand = _by_hand(platform, f"hand-{number}")
        return hand, _born(platform, log, f"born-{number}")
    birth = _born(platform, log, f"born-{number}")
    return _by_hand(platform, f"hand-{number}"), birth


def _by_hand(platform: Launched, name: str) -> Marks:
    wanted = by_hand.wish(name)
    with platform.asleep():
        marks = by_hand.make(platform.cluster, wanted)
        by_hand.remove(platform.cluster, wanted)
    _until_calm()
    return {**marks, "ready": max(marks.values())}


def _born(platform: Launched, log: Log, name: str) -> Birth:
    log.news()
    with platform.door.events() as live:
        wall, begun = time.time(), time.monotonic()
        platform.door.create(name, plan="small")
        answered = time.monotonic() - begun
        told = live.until(name, "STORE_READY")
        ready = time.monotonic() - begun
    assert told[-1]["type"] == "STORE_READY", told[-1]
    _until_calm()
    asked = sorted_out(log.news(), name)
    spans = _spans(name, wall)
    platform.door.call("DELETE", f"/stores/{name}")
    platform.door.wait_until_gone(name)
    _until_calm()
    marks = {mark: spans[_STEP_OF.get(mark, mark)][1] for mark in by_hand.MARKS}
    return Birth({**marks, "ready": ready}, answered, spans, asked)


def _spans(name: str, since: float) -> dict[str, tuple[float, float]]:
    operation = Operation.objects.get(store__name=name, kind=OperationKind.PROVISION)
    spans = {}
    for step in operation.steps.all():
        assert step.started_at is not None, step
        assert step.finished_at is not None, step
        spans[step.name] = (step.started_at.timestamp() - since, step.finished_at.timestamp() - since)
    return spans


def _until_calm() -> None:
    """Until there has been nothing to do for a while. What follows a birth, its mirror's last state, is part of it."""
    quiet_since = time.monotonic()

    def calm() -> bool:
        nonlocal quiet_since
        if not is_quiet():
            quiet_since = time.monotonic()
        return time.monotonic() - quiet_since > CALM_SECONDS

    until(calm, "the platform to have nothing to do")


def report(done: Rounds) -> list[str]:
    """The tables, and what was wanted."""
    share = _median(birth.marks["ready"] for birth in done.births) - _median(hand["ready"] for hand in done.hands)
    requests = statistics.median(birth.asked.for_store.total() for birth in done.births)
    wanted = [
        judged("Ready beyond the same by hand", SHARE_SECONDS, share, " s"),
        judged("API requests beyond Helm's own", REQUESTS, requests),
    ]
    parts = {
        "Seconds from the wish, medians": _both(done),
        "The platform's time, medians": _times(done.births),
        "API requests of a birth, medians": _requests([birth.asked for birth in done.births]),
        "Wanted": [WANTED, *wanted],
    }
    return [line for title, rows in parts.items() for line in ("", title, *table(rows))]


def _both(done: Rounds) -> list[Row]:
    rows: list[Row] = [("until", "by hand", "(range)", "platform", "(range)", "difference")]
    for mark, meaning in _MEANING.items():
        hands, births = ([each[mark] for each in done.hands], [each.marks[mark] for each in done.births])
        difference = _median(births) - _median(hands)
        rows.append((meaning, *_middle(hands), *_middle(births), f"{difference:.2f}"))
    return rows


def _times(births: Sequence[Birth]) -> list[Row]:
    """Each step, and what passes between one and the next."""
    rows: list[Row] = [("what", "from", "takes", "(range)")]
    rows.append(("POST answered", "0.00", *_middle([birth.answered for birth in births])))
    before: list[float] = [0.0] * len(births)
    for step in births[0].spans:
        begun, ended = ([birth.spans[step][end] for birth in births] for end in (0, 1))
        rows.append((f"… until {step} is claimed", f"{_median(before):.2f}", *_middle(_less(begun, before))))
        rows.append((step, f"{_median(begun):.2f}", *_middle(_less(ended, begun))))
        before = ended
    ready = [birth.marks["ready"] for birth in births]
    rows.append(("… until it is told", f"{_median(before):.2f}", *_middle(_less(ready, before))))
    return rows


def _requests(asked: Sequence[Asked]) -> list[Row]:
    rows: list[Row] = [("request", "times")]
    kinds = Counter[str]()
    for each in asked:
        kinds.update(each.for_store)
    rows += [(kind, _times_of([each.for_store[kind] for each in asked])) for kind, _ in kinds.most_common()]
    rows.append(("all for the store", _times_of([each.for_store.total() for each in asked])))
    rows.append(("Helm's own", _times_of([each.by_helm.total() for each in asked])))
    rows.append(("sweeps and watches meanwhile", _times_of([each.others.total() for each in asked])))
    return rows


def _times_of(numbers: Sequence[int]) -> str:
    return short(statistics.median(numbers))


def _middle(values: Sequence[float]) -> tuple[str, str]:
    return f"{_median(values):.2f}", f"{min(values):.2f} to {max(values):.2f}"


def _less(values: Sequence[float], others: Sequence[float]) -> list[float]:
    return [value - other for value, other in zip(values, others, strict=True)]


_median = statistics.median
