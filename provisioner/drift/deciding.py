"""What is done about drift: decided from what was found and what was done before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from provisioner.drift.models import Verdict
from provisioner.drift.seen import RELEASE_KIND

FIRST_PAUSE_SECONDS = 2.0
PAUSE_GROWS = 3.0
LONGEST_PAUSE_SECONDS = 300.0
MOST_HEALS = 6
"""Of one object, each within `QUIET` of the one before. Then somebody else wants it otherwise, and a person decides."""

QUIET = timedelta(minutes=10)


class Action(Enum):
    """What is next."""

    NOTHING = "nothing"
    HEAL = "heal"
    WAIT = "wait"
    RESTORE = "restore"
    STOP = "stop"


@dataclass(frozen=True)
class Drifted:
    """An object that drifted: since when, when it was healed (or a heal of it failed) before, and what it lost.

    `lost` is a sentence about something that nobody can give back but a person.
    """

    kind: str
    name: str
    verdict: str
    since: datetime
    heals: tuple[datetime, ...] = ()
    lost: str = ""


@dataclass(frozen=True)
class Next:
    """The action; `delay` in seconds until it is due, `sentence` for a person when it is to stop."""

    action: Action
    delay: float = 0.0
    sentence: str = ""
    objects: tuple[Drifted, ...] = field(default=())


def decide(drifted: Sequence[Drifted], *, heals: bool, asked_for: int, now: datetime) -> Next:
    """The next step for a store. `heals` is whether its policy is to heal, `asked_for` the number of its objects.

    | drifted                                             | next                                            |
    | nothing, or the policy only warns                   | nothing                                         |
    | only what is lost for good                          | stop: a person must give it back                |
    | one that was healed too often without a quiet time  | stop                                            |
    | one that was healed just now                        | wait                                            |
    | the namespace, the release, or most of the objects  | restore: a reconciliation does all of it        |
    | anything else                                       | heal these objects                              |
    """
    if not drifted or not heals:
        return Next(Action.NOTHING)
    within = tuple(each for each in drifted if not each.lost)
    if not within:
        return Next(Action.STOP, sentence=" ".join(each.lost for each in drifted))
    pauses = [(pause(each, now), each) for each in within]
    worn = [each for due, each in pauses if due is None]
    if worn:
        return Next(Action.STOP, sentence=_worn_out(worn))
    delay = max(due or 0.0 for due, _ in pauses)
    if delay > 0:
        return Next(Action.WAIT, delay)
    missing = [each for each in within if each.verdict == Verdict.MISSING]
    whole = any(each.kind in ("Namespace", RELEASE_KIND) for each in missing)
    return Next(Action.RESTORE if whole or len(missing) * 2 > asked_for else Action.HEAL, objects=within)


def pause(drifted: Drifted, now: datetime) -> float | None:
    """Seconds until the object may be healed again; None when it was healed too often."""
    chain = chain_of(drifted.heals, min(drifted.since, now))
    if len(chain) >= MOST_HEALS:
        return None
    if not chain:
        return 0.0
    wanted = min(FIRST_PAUSE_SECONDS * PAUSE_GROWS ** (len(chain) - 1), LONGEST_PAUSE_SECONDS)
    return max(0.0, wanted - (now - chain[-1]).total_seconds())


def chain_of(heals: Sequence[datetime], until: datetime) -> list[datetime]:
    """The latest heals with no quiet time between them, nor after them until the object drifted again."""
    chain: list[datetime] = []
    after = until
    for heal in sorted(heals, reverse=True):
        if after - heal >= QUIET:
            break
        chain.insert(0, heal)
        after = heal
    return chain


def _worn_out(worn: Sequence[Drifted]) -> str:
    named = ", ".join(f"{each.kind} '{each.name}'" for each in worn)
    return (
        f"{named} was healed {MOST_HEALS} times and changed again each time: find out who changes it, "
        "then reconcile the store."
    )
