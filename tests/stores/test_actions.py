"""Which actions are allowed, by role and by the store's state."""

import pytest
from django.utils import timezone

from stores.actions import allowed_actions
from stores.choices import Phase
from stores.models import Store
from tenants.models import Role


def allowed(store: Store, role: Role | None) -> set[str]:
    return {name for name, verdict in allowed_actions(store, role).items() if verdict.allowed}


@pytest.mark.parametrize(
    ("phase", "role", "expected"),
    [
        (Phase.READY, Role.OWNER, {"delete", "change", "credentials", "reconcile", "suspend"}),
        (Phase.READY, Role.MEMBER, {"delete", "change", "reconcile", "suspend"}),
        (Phase.READY, Role.VIEWER, set()),
        (Phase.READY, None, set()),
        (Phase.FAILED, Role.MEMBER, {"retry", "delete", "change", "reconcile", "suspend"}),
        (Phase.DEGRADED, Role.MEMBER, {"retry", "delete", "change", "reconcile", "suspend"}),
        (Phase.COMING_SOON, Role.OWNER, {"delete", "change"}),
    ],
)
def test_actions_depend_on_role_and_phase(phase: Phase, role: Role | None, expected: set[str]) -> None:
    assert allowed(Store(name="tea", phase=phase), role) == expected


def test_a_suspended_store_can_be_resumed_and_neither_retried_nor_reconciled() -> None:
    assert allowed(Store(name="tea", phase=Phase.SUSPENDED, suspended=True), Role.MEMBER) == {
        "delete",
        "change",
        "resume",
    }


def test_a_store_that_is_being_removed_allows_nothing() -> None:
    assert allowed(Store(name="tea", phase=Phase.DELETING, deletion_requested_at=timezone.now()), Role.OWNER) == set()


def test_a_protected_store_says_how_to_delete_it() -> None:
    verdict = allowed_actions(Store(name="tea", phase=Phase.READY, deletion_protection=True), Role.OWNER)["delete"]

    assert verdict.reason == "The store is protected from deletion; switch deletion_protection off first."


def test_a_role_that_is_not_enough_is_told_first() -> None:
    verdict = allowed_actions(Store(name="tea", phase=Phase.READY), Role.VIEWER)["retry"]

    assert verdict.reason == "Only owners and members of the tenant may retry a store; you are a viewer."
