"""Whether a name is free, without a word about whose store has it."""

from dataclasses import dataclass

from stores import names
from stores.models import Store


@dataclass(frozen=True)
class Availability:
    """What may be told of a name to anybody who is logged in.

    `url` is where its shop would be, empty for a name that no store may bear; `reason` is the sentence with which
    `POST /stores` would refuse it, empty for one that is free. It is an answer, no promise: only a store holds a name.
    """

    name: str
    valid: bool
    available: bool
    url: str
    reason: str


def availability_of(name: str) -> Availability:
    """Judge the name by the rules, then look whether a living store bears it (one query at most)."""
    problem = names.problem_with(name)
    if problem:
        return Availability(name, valid=False, available=False, url="", reason=problem)
    # One that is being removed has let its name go; the successor waits for it.
    taken = Store.objects.filter(name=name, deletion_requested_at__isnull=True).exists()
    return Availability(
        name, valid=True, available=not taken, url=Store(name=name).url, reason=names.taken(name) if taken else ""
    )
