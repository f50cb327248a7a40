"""From a store's record to its mirror: pure, so that the same record always gives the same two documents."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from provisioner import labels
from provisioner.cluster import Manifest
from provisioner.mirror.schema import FINALIZER, GROUP, VERSION
from stores.choices import Phase
from stores.models import Condition, Store, StoreEvent

ACTIVITY_LOG_LENGTH = 15


def resource(store: Store) -> Manifest:
    """The object with its spec, without its status; the finalizer stays until the teardown's last step."""
    return {
        **_head(),
        "metadata": {"name": store.name, "labels": labels.of(store), "finalizers": [FINALIZER]},
        "spec": {
            "tenant": store.tenant.slug,
            "engine": store.engine,
            "plan": store.plan,
            "displayName": store.label,
            "driftPolicy": store.drift_policy,
            "suspend": store.suspended,
        },
    }


def status(store: Store, conditions: Iterable[Condition], events: Iterable[StoreEvent], generation: int) -> Manifest:
    """The object with its status only; `generation` is the resource's own, which its spec was written at."""
    return {
        **_head(),
        "metadata": {"name": store.name},
        "status": {
            "phase": store.phase,
            "message": store.message,
            "observedGeneration": generation,
            "url": store.url if store.phase != Phase.COMING_SOON else "",
            "adminUrl": store.admin_url if store.phase != Phase.COMING_SOON else "",
            "namespace": store.namespace,
            "conditions": [_condition(condition, generation) for condition in conditions],
            "activityLog": [_event(event) for event in events],
        },
    }


def digest(manifest: Manifest) -> str:
    """A short name for the document's content."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _head() -> Manifest:
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Store"}


def _condition(condition: Condition, generation: int) -> Manifest:
    return {
        "type": condition.type,
        "status": condition.status,
        "observedGeneration": generation,
        "lastTransitionTime": _time(condition.last_transition_time),
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
        "timestamp": _time(event.timestamp),
    }


def _time(moment: datetime) -> str:
    """RFC 3339 to the second, as Kubernetes writes `metav1.Time`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
