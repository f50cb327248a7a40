"""From a change of an object to its verdict and until it is healed: real watcher, real worker, real sandbox.

Three ways to be changed: one after the other has been healed, at random moments, and five stores at once. Asserts that
everything was judged and healed, and no time. PostgreSQL and Redis are those of the tests, which write no file safely.
"""

import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.benchmarks.drift.objects import name_of
from tests.benchmarks.drift.platform import is_quiet, reacting, settle
from tests.benchmarks.drift.report import Report
from tests.benchmarks.drift.tampering import TRICKS, Change, Tamperer, tampering
from tests.benchmarks.figures import at
from tests.benchmarks.peers import timers
from tests.chaos.cluster import sandbox, using
from tests.chaos.waiting import until

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

STORES = 100
IN_TURN, AT_RANDOM, BURSTS, IN_A_BURST = 80, 80, 8, 5
MEAN_PAUSE_SECONDS = 0.5
WARM_UP = 2
"""Stores to whose every object something is done before anything is measured."""
VERDICT_P99_SECONDS = 1
SEED = 6


def test_reactions(tmp_path: Path, report: Report) -> None:
    with sandbox(tmp_path) as kubeconfig, using(kubeconfig) as cluster:
        settle(cluster, STORES)
        with reacting(kubeconfig, tmp_path), tampering(cluster) as somebody:
            until(is_quiet, "the first sweeps to end")
            for number in range(WARM_UP):
                play(somebody, [(number, trick) for trick in range(len(TRICKS))])
            until(is_quiet, "the warm-up to end")
            measure(somebody, report)
    by_timers = timers.INTERVAL_SECONDS
    report.notes.append(
        f"The peer's verdicts, calculated from its interval of {by_timers:.0f} s (not measured): {by_timers / 2:.0f} s "
        f"on average, {by_timers * 0.99:.0f} s at p99; of eight objects a store, and it doesn't heal."
    )


def measure(somebody: Tamperer, report: Report) -> None:
    """All changes, each on an object that nothing was done to before."""
    chosen = random.Random(SEED)  # noqa: S311 - the same changes in each run
    places = [(store, trick) for store in range(WARM_UP, STORES) for trick in range(len(TRICKS))]
    chosen.shuffle(places)
    in_turn, at_random, rest = places[:IN_TURN], places[IN_TURN : IN_TURN + AT_RANDOM], places[IN_TURN + AT_RANDOM :]
    changes = [change for place in in_turn for change in play(somebody, [place])]
    show("one by one", changes, report)

    pauses = [chosen.expovariate(1 / MEAN_PAUSE_SECONDS) for _ in at_random]
    random_changes = play(somebody, at_random, pauses)
    show("at random moments", random_changes, report)

    bursts = [change for _ in range(BURSTS) for change in play(somebody, _different_stores(rest))]
    show(f"{IN_A_BURST} stores at once", bursts, report)
    verdicts = show("all", [*changes, *random_changes, *bursts], report)
    report.want("change → verdict, p99", VERDICT_P99_SECONDS, at(verdicts, 0.99), " s")


def play(somebody: Tamperer, places: Sequence[tuple[int, int]], pauses: Sequence[float] = ()) -> list[Change]:
    """Do something in each place, after its pause, and wait until all of it is right again."""
    changes = []
    for index, (store, trick) in enumerate(places):
        if pauses:
            time.sleep(pauses[index])
        changes.append(somebody.play(TRICKS[trick], f"store-{name_of(store)}"))
    until(
        lambda: all(each.is_over for each in changes),
        lambda: f"to be healed: {[each for each in changes if not each.is_over]}",
    )
    return changes


def _different_stores(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take the next few out that are of stores of their own."""
    taken: dict[int, tuple[int, int]] = {}
    for place in places:
        taken.setdefault(place[0], place)
        if len(taken) == IN_A_BURST:
            break
    for place in taken.values():
        places.remove(place)
    return list(taken.values())


def show(what: str, changes: Sequence[Change], report: Report) -> list[float]:
    """Two lines of the table; the times to the verdicts in order."""
    verdicts = sorted(each.judged - each.at for each in changes)
    heals = sorted(each.healed - each.at for each in changes)
    for until_what, times in (("verdict", verdicts), ("healed", heals)):
        figures = (f"{value:.3f}" for value in (at(times, 0.5), at(times, 0.99), times[-1]))
        report.reactions.append((what, until_what, f"{len(times)}", *figures))
    return verdicts
