"""The operator's pages: what they show, and that they change nothing but through the services."""

import pytest
from django.test import Client
from django.urls import reverse

from stores.choices import Phase
from stores.models import Store
from tenants.models import AuditEntry, Tenant, User
from tests.people import WISH, as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def store() -> Store:
    as_user("ann").post("/stores", WISH)
    return Store.objects.get()


def act(client: Client, action: str, store: Store) -> str:
    data = {"action": action, "_selected_action": [store.pk]}
    return client.post(reverse("admin:stores_store_changelist"), data, follow=True).content.decode()


def test_all_pages_open(root: Client, store: Store) -> None:
    for name in ("stores_store", "tenants_user", "tenants_tenant", "tenants_auditentry"):
        assert root.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
    for name, model in (("stores_store", Store), ("tenants_user", User), ("tenants_tenant", Tenant)):
        pk = model.objects.order_by("pk").values_list("pk", flat=True)[0]
        assert root.get(reverse(f"admin:{name}_change", args=[pk])).status_code == 200, name


def test_a_store_shows_badge_conditions_pipeline_and_events(root: Client, store: Store) -> None:
    page = root.get(reverse("admin:stores_store_change", args=[store.pk])).content.decode()

    assert '<span class="sp-badge sp-phase-pending">Pending</span>' in page
    assert "It waits for one of the 3 slots; its place in the queue is 1." in page
    for text in (
        "Pending",
        "Reconciling",
        "WaitingForSlot",
        "Store requested",
        "<strong>Namespace</strong>",
    ):
        assert text in page, text
    assert 'name="_save"' not in page


def test_status_cant_be_edited_and_no_row_can_be_removed_by_hand(root: Client, store: Store) -> None:
    change = reverse("admin:stores_store_change", args=[store.pk])

    assert root.post(change, {"phase": "Ready"}).status_code == 403
    assert root.post(reverse("admin:stores_store_delete", args=[store.pk]), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in root.get(reverse("admin:stores_store_changelist")).content.decode()
    store.refresh_from_db()
    assert store.phase == Phase.PENDING


def test_actions_go_through_the_services(root: Client, store: Store) -> None:
    refused = act(root, "retry_selected", store)
    accepted = act(root, "delete_through_teardown", store)

    assert "only a failed or degraded one can be retried" in refused
    assert "Asked for: 1" in accepted
    store.refresh_from_db()
    assert store.phase == Phase.DELETING
    assert [entry.action for entry in AuditEntry.objects.filter(actor="root")] == ["store.delete"]


def test_an_operator_can_suspend_resume_and_reconcile(root: Client, store: Store) -> None:
    act(root, "suspend_selected", store)
    store.refresh_from_db()
    assert store.phase == Phase.SUSPENDED
    assert "is suspended; resume it first" in act(root, "reconcile_selected", store)

    act(root, "resume_selected", store)
    store.refresh_from_db()
    assert store.phase == Phase.PENDING
    assert "Asked for: 1" in act(root, "reconcile_selected", store)
    done = AuditEntry.objects.filter(actor="root").order_by("pk").values_list("action", flat=True)
    assert list(done) == ["store.suspend", "store.resume", "store.reconcile"]


def test_staff_without_the_permission_have_no_actions(store: Store) -> None:
    client = Client()
    client.force_login(User.objects.create(username="staff", is_staff=True))

    assert client.get(reverse("admin:stores_store_changelist")).status_code == 403


def test_the_audit_is_only_read(root: Client, store: Store) -> None:
    entry = AuditEntry.objects.get()
    page = reverse("admin:tenants_auditentry_change", args=[entry.pk])

    assert root.get(page).status_code == 200
    assert root.post(page, {"actor": "nobody"}).status_code == 403
    assert root.post(reverse("admin:tenants_auditentry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.get() == entry
