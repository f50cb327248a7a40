"""Having work done on a store that is there: try again, bring it to what was asked for, pause, go on."""

from django.db import transaction
from django.utils import timezone

from stores import actions
from stores.changes import Change, apply_change
from stores.choices import EventType, Origin
from stores.errors import Conflict
from stores.models import Store
from stores.provisioning import OperationView, provisioner
from stores.status import Activity

_ACTIVITIES = {
    ("provision", "queued"): Activity.QUEUED,
    ("provision", "running"): Activity.PROVISIONING,
    ("reconcile", "queued"): Activity.CHANGE_QUEUED,
    ("reconcile", "running"): Activity.CHANGING,
}


def activity_of(operation: OperationView) -> Activity:
    """What a store is doing while that operation is queued or running."""
    return _ACTIVITIES[operation.kind, operation.state]


def retry(store: Store, *, request_id: str = "", origin: str = Origin.API) -> OperationView:
    """Try a failed store again, with fresh counters. Raises Conflict unless the store has failed or is degraded."""
    with transaction.atomic():
        store = _locked(store, actions.RETRY)
        operation = provisioner().start_over(store, request_id=request_id)
        change = Change(EventType.RETRY_REQUESTED, "A retry was asked for.", request_id=request_id, origin=origin)
        apply_change(store.pk, activity_of(operation), change)
        return operation


def reconcile(store: Store, *, request_id: str = "", origin: str = Origin.API) -> OperationView:
    """Compare the store with what was asked for now, and put right what differs; a step that waits goes on at once.

    Raises Conflict when nothing may be done to the store.
    """
    with transaction.atomic():
        store = _locked(store, actions.RECONCILE)
        message = "A reconciliation was asked for."
        change = Change(EventType.RECONCILE_REQUESTED, message, request_id=request_id, origin=origin)
        return _start(store, change)


def suspend(store: Store, *, request_id: str = "", origin: str = Origin.API) -> Store:
    """Stop all work on the store but its removal; the shop stays as it is. Raises Conflict when it can't be paused.

    What runs is cancelled; it starts anew when the store is resumed.
    """
    with transaction.atomic():
        store = _locked(store, actions.SUSPEND)
        _set_suspended(store, True)
        pause(store, request_id, origin)
    store.refresh_from_db()
    return store


def resume(store: Store, *, request_id: str = "", origin: str = Origin.API) -> OperationView:
    """Go on with a suspended store, from what was asked for by now. Raises Conflict unless it is suspended."""
    with transaction.atomic():
        store = _locked(store, actions.RESUME)
        _set_suspended(store, False)
        return go_on(store, request_id, origin)


def pause(store: Store, request_id: str, origin: str) -> None:
    """Stop the work on a store that was just marked suspended; the caller has its row locked."""
    stopped = provisioner().stop_work(store)
    message = "Suspended: nothing is done to the store until it is resumed, except removing it."
    if stopped:
        message += " What was going on was stopped."
    change = Change(EventType.SUSPENDED, message, request_id=request_id, origin=origin)
    apply_change(store.pk, Activity.NONE, change)


def go_on(store: Store, request_id: str, origin: str) -> OperationView:
    """Start the work on a store that was just resumed; the caller has its row locked."""
    return _start(store, Change(EventType.RESUMED, "Resumed.", request_id=request_id, origin=origin))


def _locked(store: Store, action: actions.Action) -> Store:
    """The store with its row locked. Raises Conflict with the action's obstacle."""
    store = Store.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=store.pk)
    obstacle = action.obstacle(store)
    if obstacle is not None:
        raise Conflict(obstacle)
    return store


def _set_suspended(store: Store, suspended: bool) -> None:
    store.suspended = suspended
    store.spec_changed_at = timezone.now()
    store.save(update_fields=["suspended", "spec_changed_at", "updated_at"])


def _start(store: Store, change: Change) -> OperationView:
    operation = provisioner().start_work(store, request_id=change.request_id)
    apply_change(store.pk, activity_of(operation), change)
    return operation
