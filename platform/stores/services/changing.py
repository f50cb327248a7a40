"""Changing a store while it lives."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from stores import actions, names
from stores.changes import Change, apply_change, note_change
from stores.choices import EventType, Origin
from stores.engines import ENGINES
from stores.errors import Conflict, InvalidStore
from stores.models import Store
from stores.provisioning import provisioner
from stores.services.work import activity_of, go_on, pause
from stores.status import Activity

CHANGEABLE = ("display_name", "plan", "drift_policy", "deletion_protection", "suspended")

IN_THE_CLUSTER = ("plan", "display_name")
"""Fields that the cluster depends on: a change of one makes a new generation, which is then worked towards."""


def change_store(store: Store, changes: Mapping[str, Any], *, request_id: str = "", origin: str = Origin.API) -> Store:
    """Change what may be changed while a store lives (`CHANGEABLE`); the values must be valid already.

    Raises InvalidStore for a display name that is no line of text, Conflict when the store can't be changed so.
    """
    problem = names.problem_with_display_name(changes.get("display_name", ""))
    if problem:
        raise InvalidStore(problem, field="display_name")
    with transaction.atomic():
        store = Store.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=store.pk)
        changed = {name: value for name, value in changes.items() if getattr(store, name) != value}
        _check(store, changed)
        if changed:
            _apply(store, changed, request_id, origin)
    store.refresh_from_db()
    return store


def _check(store: Store, changed: Mapping[str, Any]) -> None:
    obstacle = actions.CHANGE.obstacle(store)
    if obstacle is None and "suspended" in changed:
        obstacle = (actions.SUSPEND if changed["suspended"] else actions.RESUME).obstacle(store)
    if obstacle is not None:
        raise Conflict(obstacle)


def _apply(store: Store, changed: Mapping[str, Any], request_id: str, origin: str) -> None:
    for name, value in changed.items():
        setattr(store, name, value)
    new_generation = any(name in changed for name in IN_THE_CLUSTER)
    if new_generation:
        store.generation += 1
    store.spec_changed_at = timezone.now()
    store.save(update_fields=[*changed, "generation", "spec_changed_at", "updated_at"])
    said = [f"{name} is {value!r}" for name, value in sorted(changed.items()) if name != "suspended"]
    message = f"Changed: {', '.join(said)}."
    if changed.get("suspended") is True:
        pause(store, request_id, origin)
    elif "suspended" in changed:
        go_on(store, request_id, origin)
    elif new_generation and actions.RECONCILE.obstacle(store) is None:
        operation = provisioner().start_over(store, request_id=request_id)
        change = Change(EventType.SPEC_CHANGED, message, request_id=request_id, origin=origin)
        apply_change(store.pk, activity_of(operation), change)
        return
    elif new_generation and not ENGINES[store.engine].available:
        # Nothing is worked towards it, so it is there as soon as it was asked for.
        apply_change(store.pk, Activity.NONE, Change(None, observed_generation=store.generation))
    if said:
        note_change(store, message, request_id, origin)
