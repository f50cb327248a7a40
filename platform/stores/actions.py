"""Which actions a caller may take on a store now, and for each other one why not. Screens draw their buttons by it."""

from collections.abc import Callable
from dataclasses import dataclass

from stores.choices import Phase
from stores.engines import ENGINES
from stores.models import Store
from tenants.access import at_least, refusal
from tenants.models import Role


@dataclass(frozen=True)
class Verdict:
    """Allowed, or the reason why not as a sentence."""

    allowed: bool
    reason: str | None = None


@dataclass(frozen=True)
class Action:
    """One thing that can be done to a store; `obstacle` tells what in the store's state stands against it."""

    name: str
    role: Role
    what: str
    obstacle: Callable[[Store], str | None]

    def verdict(self, store: Store, role: Role | None) -> Verdict:
        """The role is judged first: what a caller may never do needs no word about the store's state."""
        if not at_least(role, self.role):
            return Verdict(False, refusal(role, self.role, self.what))
        reason = self.obstacle(store)
        return Verdict(reason is None, reason)


def _removal(store: Store) -> str | None:
    if store.deletion_requested_at is not None:
        return f"The store '{store.name}' is being removed."
    return None


def _nothing_runs(store: Store) -> str | None:
    if store.phase == Phase.COMING_SOON:
        return f"Nothing runs for the store '{store.name}' yet: {ENGINES[store.engine].label} is coming soon."
    return None


def _retry_obstacle(store: Store) -> str | None:
    if store.phase in (Phase.FAILED, Phase.DEGRADED):
        return None
    return f"The store '{store.name}' is {store.phase}; only a failed or degraded one can be retried."


def _reconcile_obstacle(store: Store) -> str | None:
    suspended = f"The store '{store.name}' is suspended; resume it first." if store.suspended else None
    return _removal(store) or _nothing_runs(store) or suspended


def _delete_obstacle(store: Store) -> str | None:
    if store.deletion_requested_at is not None:
        return "The store is being removed already."
    if store.deletion_protection:
        return "The store is protected from deletion; switch deletion_protection off first."
    return None


def _suspend_obstacle(store: Store) -> str | None:
    already = f"The store '{store.name}' is suspended already." if store.suspended else None
    return _removal(store) or _nothing_runs(store) or already


def _resume_obstacle(store: Store) -> str | None:
    return _removal(store) or (None if store.suspended else f"The store '{store.name}' isn't suspended.")


def _credentials_obstacle(store: Store) -> str | None:
    return _removal(store) or _nothing_runs(store)


def _change_obstacle(store: Store) -> str | None:
    obstacle = _removal(store)
    return obstacle and f"{obstacle.removesuffix('.')} and can't be changed."


RETRY = Action("retry", Role.MEMBER, "retry a store", _retry_obstacle)
RECONCILE = Action("reconcile", Role.MEMBER, "reconcile a store", _reconcile_obstacle)
DELETE = Action("delete", Role.MEMBER, "delete a store", _delete_obstacle)
CHANGE = Action("change", Role.MEMBER, "change a store", _change_obstacle)
SUSPEND = Action("suspend", Role.MEMBER, "suspend a store", _suspend_obstacle)
RESUME = Action("resume", Role.MEMBER, "resume a store", _resume_obstacle)
CREDENTIALS = Action("credentials", Role.OWNER, "read a store's credentials", _credentials_obstacle)

ACTIONS = (RETRY, RECONCILE, DELETE, CHANGE, SUSPEND, RESUME, CREDENTIALS)


def allowed_actions(store: Store, role: Role | None) -> dict[str, Verdict]:
    """The verdict on each action for a caller with that role in the store's tenant."""
    return {action.name: action.verdict(store, role) for action in ACTIONS}
