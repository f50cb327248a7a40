"""What is said about a wish that came as a resource: granted, or refused with a reason."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stores.errors import Refused

Condition = dict[str, Any]

ACCEPTED = "Accepted"
DELETION_PROTECTED = "DeletionProtected"
TENANT_NOT_ALLOWED = "TenantNotAllowed"

INVALID = "Invalid"

WAITING = frozenset({"QuotaExceeded", "QueueFull"})
"""Refusals that pass by themselves: the resource is still being reconciled."""

FINAL = frozenset({INVALID})
"""Refusals that only another resource can mend; all others are tried again by the sweep."""


@dataclass(frozen=True)
class Verdict:
    """On the wish of one generation; `at` (RFC 3339) is when the answer last turned from yes to no or back."""

    accepted: bool
    reason: str
    message: str
    generation: int
    at: str

    def as_json(self) -> dict[str, Any]:
        """For the row of `Mirror`."""
        return asdict(self)

    def condition(self) -> Condition:
        """As the resource shows it."""
        return {
            "type": ACCEPTED,
            "status": "True" if self.accepted else "False",
            "observedGeneration": self.generation,
            "lastTransitionTime": self.at,
            "reason": self.reason,
            "message": self.message,
        }


def reason_of(refusal: Refused) -> str:
    """The CamelCase reason of a condition: `quota-exceeded` is `QuotaExceeded`."""
    return "".join(word.capitalize() for word in refusal.reason.split("-"))


def next_verdict(before: Verdict | None, generation: int, now: str, refusal: tuple[str, str] | None = None) -> Verdict:
    """The verdict on a new wish, granted or refused with (reason, message); the time moves only with the answer."""
    accepted = refusal is None
    since = before.at if before is not None and before.accepted == accepted else now
    reason, message = refusal or (ACCEPTED, "")
    return Verdict(accepted, reason, message, generation, since)


def known(row: Mapping[str, Any] | None) -> Verdict | None:
    """The verdict that a row of `Mirror` keeps."""
    return Verdict(**row) if row else None


def conditions_of_refused(verdict: Verdict, shown: list[Condition]) -> list[Condition]:
    """All conditions of a resource that was not accepted, for people and for kstatus; `shown` are the present ones.

    kstatus takes `Reconciling` for work in progress and `Stalled` for failure; with neither it would call a resource
    current that nobody has accepted.
    """
    waits = verdict.reason in WAITING
    since = {(each.get("type"), each.get("status")): each.get("lastTransitionTime") for each in shown}

    def condition(type_: str, status: bool) -> Condition:
        word = "True" if status else "False"
        at = since.get((type_, word)) or verdict.at
        said = verdict.message if status or type_ in ("Ready", ACCEPTED) else ""
        reason = verdict.reason if status or type_ in ("Ready", ACCEPTED) else "NotAccepted"
        made = Verdict(status, reason, said, verdict.generation, at).condition()
        return {**made, "type": type_}

    return [
        condition(ACCEPTED, False),
        condition("Ready", False),
        condition("Reconciling", waits),
        condition("Stalled", not waits),
    ]


def refused_already(resource: Mapping[str, Any]) -> str:
    """The reason for which the resource's present generation was refused; empty when nothing was said about it."""
    generation = resource["metadata"].get("generation")
    for condition in (resource.get("status") or {}).get("conditions") or []:
        if condition.get("type") == ACCEPTED and condition.get("observedGeneration") == generation:
            return str(condition.get("reason", "")) if condition.get("status") == "False" else ""
    return ""
