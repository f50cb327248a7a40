"""What a resource wishes, and who wins when the record has changed too: pure decisions (docs/adr/0011)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from provisioner.cluster import FIELD_MANAGER, Manifest
from provisioner.mirror.schema_spec import DEFAULTS, LONGEST_DISPLAY_NAME, UNSAID
from stores.choices import DriftPolicy
from stores.services import StoreSpec
from tenants.plans import PLANS

Spec = Mapping[str, Any]

FIELDS = {
    "plan": "plan",
    "displayName": "display_name",
    "driftPolicy": "drift_policy",
    "ignoreDifferences": "ignore_differences",
    "suspend": "suspended",
    "deletionProtection": "deletion_protection",
}
"""Fields of `spec` that can be changed, and what the record calls them."""

FIXED = ("tenant", "engine")

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Sides:
    """A three-way comparison: what was last written, what the cluster has, and what the record says.

    `base` is None for a resource that was never written. `set_at` maps each field that somebody else owns in the
    cluster to the time of their last write (in whole seconds, as `managedFields` have it); `ours_at` is when the record
    last changed.
    """

    base: Spec | None
    theirs: Spec
    ours: Spec
    set_at: Mapping[str, datetime] = field(default_factory=dict)
    ours_at: datetime = _LONG_AGO


def wished(sides: Sides) -> dict[str, Any]:
    """The fields to be changed in the record, by the record's names.

    A field is a wish when somebody else set it to something new. If the record has changed as well, the later of the
    two wins, and the record does when they can't be told apart.
    """
    base = UNSAID | (DEFAULTS if sides.base is None else dict(sides.base))
    return {name: sides.theirs[field] for field, name in FIELDS.items() if _is_wish(field, sides, base)}


def _is_wish(field: str, sides: Sides, base: Spec) -> bool:
    if field not in sides.theirs or field not in sides.set_at:
        return False
    theirs, ours = sides.theirs[field], sides.ours[field]
    if theirs in (ours, base.get(field)):
        return False
    # A resource that was never written was made as a wish: its time is that of the whole, so the record can't be older.
    changed_here = ours != base.get(field)
    return not changed_here or sides.set_at[field] > sides.ours_at


def problem_with(spec: Spec) -> str | None:
    """What can't be granted whatever the record says: the cluster may have another version of the definition."""
    if spec.get("plan", next(iter(PLANS))) not in PLANS:
        return f"There is no plan '{spec['plan']}'; choose one of {', '.join(PLANS)}."
    if spec.get("driftPolicy", DriftPolicy.HEAL) not in DriftPolicy.values:
        return f"There is no drift policy '{spec['driftPolicy']}'; choose one of {', '.join(DriftPolicy.values)}."
    if len(spec.get("displayName", "")) > LONGEST_DISPLAY_NAME:
        return f"A display name has at most {LONGEST_DISPLAY_NAME} characters."
    return None


def set_by_others(resource: Manifest) -> dict[str, datetime]:
    """Fields of `spec` that managers other than this platform own, with the time of their last write.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    times: dict[str, datetime] = {}
    for entry in resource["metadata"].get("managedFields") or []:
        if entry.get("manager") == FIELD_MANAGER or entry.get("subresource"):
            continue
        owned = (entry.get("fieldsV1") or {}).get("f:spec") or {}
        at = datetime.fromisoformat(entry["time"]) if entry.get("time") else _LONG_AGO
        for name in owned:
            key = name.removeprefix("f:")
            times[key] = max(at, times.get(key, at))
    return times


def was_written(resource: Manifest) -> bool:
    """Whether this platform has written the resource's spec: it belongs, or belonged, to a store."""
    entries = resource["metadata"].get("managedFields") or []
    return any(
        entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")
        for entry in entries
    )


@dataclass(frozen=True)
class NewStore:
    """A store that a resource asks for; `then` are changes that a newborn takes at once."""

    tenant: str
    spec: StoreSpec
    then: dict[str, Any]


def new_store(resource: Manifest, default_tenant: str) -> NewStore:
    """What a resource asks for that no store stands behind."""
    spec = resource["spec"]
    asked = StoreSpec(
        name=resource["metadata"]["name"],
        engine=spec["engine"],
        plan=spec.get("plan", ""),
        display_name=spec.get("displayName", ""),
        drift_policy=spec.get("driftPolicy", DEFAULTS["driftPolicy"]),
    )
    further = ("deletionProtection", "suspend", "ignoreDifferences")
    then = {FIELDS[field]: spec[field] for field in further if spec.get(field)}
    return NewStore(spec.get("tenant") or default_tenant, asked, then)


class Need(StrEnum):
    """What a look at a living store's resource asks for."""

    WRITE = "write"
    RESTORE = "restore"
    ADOPT = "adopt"
    TEAR_DOWN = "tear down"
    REPLACE = "replace"
    LEAVE = "leave"


@dataclass(frozen=True)
class Known:
    """What is known of a store when its resource is looked at (`mirror.models` tells what the names mean)."""

    spec: Spec
    uid: str = ""
    wish_uid: str = ""
    generation: int = 0
    base: Spec | None = None
    changed_at: datetime = _LONG_AGO
    going: bool = False
    protected_told: bool = False


def need(found: Manifest | None, known: Known) -> Need:
    """What is to be done about the resource of a store whose record lives; None is one that isn't there."""
    if found is None:
        return _need_of_missing(known)
    metadata = found["metadata"]
    own = metadata["uid"] in (known.uid, known.wish_uid) or (not known.uid and was_written(found))
    if known.going and not own:
        return Need.LEAVE  # a new wish, or a successor's: this store has its name only until it is gone
    if any(found["spec"].get(field, known.spec[field]) != known.spec[field] for field in FIXED):
        return Need.REPLACE
    # Before a deletion is judged: the same person may just have switched the protection off.
    judged = own and metadata["generation"] == known.generation
    if not judged and wished(sides(found, known)):
        return Need.ADOPT
    if metadata.get("deletionTimestamp") and not known.going and not known.protected_told:
        return Need.TEAR_DOWN
    return Need.WRITE


def _need_of_missing(known: Known) -> Need:
    if known.wish_uid:
        # Whoever made it took it back before it could be taken hold of.
        return Need.LEAVE if known.going else Need.TEAR_DOWN
    return Need.RESTORE if known.uid and not known.going else Need.WRITE


def sides(found: Manifest, known: Known) -> Sides:
    """The comparison that `found` asks for."""
    base = known.base if found["metadata"]["uid"] == known.uid else None
    return Sides(base, found["spec"], known.spec, set_by_others(found), known.changed_at)
