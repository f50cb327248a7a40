"""From a store's record to its mirror: pure, so that the same record always gives the same two documents."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from provisioner import labels
from provisioner.cluster import Manifest
from provisioner.mirror.schema import FINALIZER, GROUP, VERSION
from provisioner.mirror.verdicts import ACCEPTED, Verdict
from provisioner.operations.models import Operation
from stores.choices import Phase
from stores.models import Condition, DriftRule, Store, StoreEvent


@dataclass(frozen=True)
class Facts:
    """All that a status tells. `generation` is the resource's last one that was looked at; `place` is in the queue."""

    store: Store
    conditions: Sequence[Condition]
    events: Sequence[StoreEvent]
    generation: int
    verdict: Verdict | None = None
    operation: Operation | None = None
    explanation: str = ""
    place: int | None = None


RULE_FIELDS = {"kind": "kind", "name": "name", "pointer": "jsonPointer", "manager": "manager"}
"""Fields of a rule of `ignoreDifferences`: what the record calls them, and the resource."""


def resource(store: Store, rules: Iterable[DriftRule] = ()) -> Manifest:
    """The object with its spec, without its status; the finalizer stays until the teardown's last step."""
    return {
        **_head(),
        "metadata": {"name": store.name, "labels": labels.of(store), "finalizers": [FINALIZER]},
        "spec": spec(store, rules),
    }


def spec(store: Store, rules: Iterable[DriftRule] = ()) -> Manifest:
    """What was asked for, in the resource's words; `rules` are the store's own."""
    return {
        "tenant": store.tenant.slug,
        "engine": store.engine,
        "plan": store.plan,
        "displayName": store.label,
        "driftPolicy": store.drift_policy,
        "ignoreDifferences": [_rule(each) for each in rules],
        "suspend": store.suspended,
        "deletionProtection": store.deletion_protection,
    }


def _rule(rule: DriftRule) -> Manifest:
    values = {told: getattr(rule, name) for name, told in RULE_FIELDS.items()}
    return {told: value for told, value in values.items() if value}


def rule_values(told: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The other way: rules as a resource has them, in the record's words."""
    return [{name: each.get(field, "") for name, field in RULE_FIELDS.items()} for each in told]


def status(facts: Facts) -> Manifest:
    """The object with its status only."""
    store, runs = facts.store, facts.store.phase != Phase.COMING_SOON
    verdict = facts.verdict or Verdict(True, ACCEPTED, "", facts.generation, as_time(store.created_at))
    told: Manifest = {
        "phase": store.phase,
        "message": store.message,
        "observedGeneration": facts.generation,
        "url": store.url if runs else "",
        "adminUrl": store.admin_url if runs else "",
        "namespace": store.namespace,
        "retryCount": 0,
        "conditions": [
            verdict.condition(),
            *(_condition(condition, facts.generation) for condition in facts.conditions),
        ],
        "activityLog": [_event(event) for event in facts.events],
    }
    if facts.place is not None:
        told["queuePosition"] = facts.place
    if facts.operation is not None:
        told["lastOperation"] = _operation(facts.operation, facts.explanation)
        told["retryCount"] = sum(step.attempt for step in facts.operation.steps.all())
    return status_of(store.name, told)


def status_of(name: str, told: Manifest) -> Manifest:
    """An object that carries nothing but a status."""
    return {**_head(), "metadata": {"name": name}, "status": told}


def digest(told: Manifest) -> str:
    """A short name for a status' content."""
    return hashlib.sha256(json.dumps(normal(told), sort_keys=True).encode()).hexdigest()


def normal(told: Manifest | None) -> Manifest:
    """A status in one order: that of conditions is the API server's affair (it merges the list by type)."""
    whole = dict(told or {})
    whole["conditions"] = sorted(whole.get("conditions") or [], key=lambda each: str(each.get("type")))
    return whole


def is_as_wanted(found: Manifest, wanted: Manifest) -> bool:
    """Whether a resource has the spec, the labels and the finalizer that it should have."""
    metadata = found["metadata"]
    return (
        found.get("spec") == wanted["spec"]
        and wanted["metadata"]["labels"].items() <= (metadata.get("labels") or {}).items()
        and (FINALIZER in (metadata.get("finalizers") or []) or is_going(found))
    )


def is_going(found: Manifest) -> bool:
    """Whether a resource was asked to go: Kubernetes then takes in no new finalizer."""
    return bool(found["metadata"].get("deletionTimestamp"))


def _head() -> Manifest:
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Store"}


def _condition(condition: Condition, generation: int) -> Manifest:
    return {
        "type": condition.type,
        "status": condition.status,
        "observedGeneration": generation,
        "lastTransitionTime": as_time(condition.last_transition_time),
        "reason": condition.reason,
        "message": condition.message,
    }


def _event(event: StoreEvent) -> Manifest:
    return {
        "id": event.pk,
        "type": event.type,
        "message": event.message,
        "phase": event.phase,
        "step": event.step,
        "origin": event.origin,
        "timestamp": as_time(event.timestamp),
    }


def _operation(operation: Operation, explanation: str) -> Manifest:
    told: dict[str, Any] = {"id": str(operation.pk), "kind": operation.kind, "state": operation.state}
    if operation.request_id:
        told["requestId"] = operation.request_id
    for name, moment in (("startedAt", operation.started_at), ("finishedAt", operation.finished_at)):
        if moment is not None:
            told[name] = as_time(moment)
    return told | ({"explanation": explanation} if explanation else {})


def as_time(moment: datetime) -> str:
    """RFC 3339 to the second, as Kubernetes writes `metav1.Time`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
