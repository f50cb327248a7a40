"""What an operator does to one store: buttons, adding, changing, removing; always the services, always in the audit."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from stores import services
from stores.choices import Phase
from stores.models import Store
from tenants.models import AuditEntry, Tenant, User
from tests.people import traces

pytestmark = pytest.mark.django_db

ADD = "admin:stores_store_add"


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(slug="house", name="House")


@pytest.fixture
def store(tenant: Tenant) -> Store:
    return services.create_store(tenant, services.StoreSpec("tea-shop"), by=None).store


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def staff(*permissions: str) -> Client:
    user = User.objects.create(username="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def url(name: str, store: Store, *more: str) -> str:
    return reverse(f"admin:stores_store_{name}", args=[store.pk, *more])


def press(client: Client, store: Store, deed: str) -> str:
    return client.post(url("act", store, deed), follow=True).content.decode()


def audit() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action", "target"))


def test_each_button_calls_its_service_and_is_noted(root: Client, store: Store) -> None:
    assert "Suspend: asked for." in press(root, store, "suspend")
    store.refresh_from_db()
    assert store.phase == Phase.SUSPENDED
    assert "Resume: asked for." in press(root, store, "resume")
    assert "Reconcile now: asked for." in press(root, store, "reconcile")
    Store.objects.update(phase=Phase.FAILED)
    assert "Retry: asked for." in press(root, store, "retry")

    store.refresh_from_db()
    assert store.phase == Phase.PENDING
    deeds = ("store.suspend", "store.resume", "store.reconcile", "store.retry")
    assert audit() == [("root", deed, "tea-shop") for deed in deeds]


def test_a_button_that_cant_be_pressed_says_why_and_changes_nothing(root: Client, store: Store) -> None:
    page = root.get(url("change", store)).content.decode()
    assert 'value="resume" class="button" disabled' in page
    assert 'value="suspend" class="button">' in page
    assert "isn&#x27;t suspended." in page

    before = traces()
    assert "isn&#x27;t suspended." in press(root, store, "resume")
    assert "only a failed or degraded one can be retried" in press(root, store, "retry")
    assert traces() == before


def test_actions_are_only_posted_with_a_token(store: Store) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root", password="x"))
    before = traces()

    assert strict.get(url("act", store, "suspend")).status_code == 405
    assert strict.post(url("act", store, "suspend")).status_code == 403
    assert strict.post(url("act", store, "explode")).status_code == 403
    assert traces() == before


def test_an_unknown_action_or_store_is_not_found(root: Client, store: Store) -> None:
    assert root.post(url("act", store, "explode")).status_code == 404
    assert root.post(reverse("admin:stores_store_act", args=[store.pk + 1, "suspend"])).status_code == 404


def test_a_store_goes_only_when_its_name_is_typed(root: Client, store: Store) -> None:
    before = traces()
    asked = root.post(url("act", store, "delete"))
    assert asked.url == url("remove", store)  # type: ignore[attr-defined]
    assert "Type the store's name" in root.get(asked.url).content.decode()  # type: ignore[attr-defined]
    for typed in ("", "tea-sho", " tea-shop", "TEA-SHOP"):
        assert root.post(url("remove", store), {"name": typed}).status_code == 200
    assert traces() == before

    page = root.post(url("remove", store), {"name": "tea-shop"}, follow=True).content.decode()
    assert "Delete: asked for." in page
    store.refresh_from_db()
    assert store.phase == Phase.DELETING
    assert audit() == [("root", "store.delete", "tea-shop")]

    again = root.post(url("remove", store), {"name": "tea-shop"}, follow=True).content.decode()
    assert "is being removed already." in again
    assert len(audit()) == 1


def test_a_protected_store_and_a_tombstone_are_let_be(root: Client, store: Store) -> None:
    Store.objects.update(deletion_protection=True)
    before = traces()
    page = root.post(url("remove", store), {"name": "tea-shop"}, follow=True).content.decode()
    assert "switch deletion_protection off first" in page
    assert traces() == before

    Store.objects.update(deletion_protection=False, deletion_requested_at=store.created_at, deleted_at=store.created_at)
    before = traces()
    for deed in ("retry", "reconcile", "suspend", "resume"):
        assert "is gone; its row is kept for the audit." in press(root, store, deed)
    assert "is gone" in root.post(url("remove", store), {"name": "tea-shop"}, follow=True).content.decode()
    assert "is gone" in root.get(url("edit", store), follow=True).content.decode()
    assert traces() == before


def test_a_store_is_added_for_a_tenant_and_noted(root: Client, tenant: Tenant) -> None:
    wish = {"tenant": "house", "name": "tea-shop", "engine": "medusa", "plan": "", "display_name": "Tea"}
    page = root.post(reverse(ADD), wish, follow=True).content.decode()

    assert "The store &#x27;tea-shop&#x27; was asked for." in page
    store = Store.objects.get()
    assert (store.tenant, store.plan, store.display_name, store.phase) == (tenant, "small", "Tea", "Pending")
    assert store.created_by is not None
    assert store.created_by.username == "root"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.tenant) == ("store.create", "tea-shop", tenant)
    assert entry.after == {"name": "tea-shop", "engine": "medusa", "plan": "", "display_name": "Tea"}

    assert "was there already" in root.post(reverse(ADD), wish, follow=True).content.decode()
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"name": "Tea Shop"}, "name", "is not a DNS label"),
        ({"name": "admin"}, "name", "reserved"),
        ({"name": "tea-shop"}, "name", "The name 'tea-shop' is taken"),
        ({"tenant": "nobody"}, "tenant", "There is no tenant 'nobody'."),
        ({"engine": "magento"}, "engine", "Select a valid choice"),
        ({"plan": "huge"}, "plan", "Select a valid choice"),
        ({"tenant": "full"}, "tenant", "10 of the 10 stores"),
    ],
)
def test_a_refusal_stands_at_its_field(
    root: Client, store: Store, change: dict[str, str], field: str, said: str
) -> None:
    Tenant.objects.create(slug="other", name="Other")
    full = Tenant.objects.create(slug="full", name="Full")
    Store.objects.bulk_create(Store(tenant=full, name=f"full-{number}") for number in range(10))
    before = traces()

    answer = root.post(reverse(ADD), {"tenant": "other", "name": "new-shop", "engine": "medusa", **change})

    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert said in errors[field][0]
    assert traces() == before


def test_a_full_queue_is_told_above_the_form(root: Client, store: Store, settings: object) -> None:
    settings.STOREPLANE_QUEUE_LIMIT = 1  # type: ignore[attr-defined]

    answer = root.post(reverse(ADD), {"tenant": "house", "name": "new-shop", "engine": "medusa"})

    assert "1 stores wait for a slot already" in answer.context["form"].non_field_errors()[0]
    assert Store.objects.count() == 1


def test_a_change_is_noted_with_before_and_after(root: Client, store: Store) -> None:
    wish = {"display_name": "Tea", "plan": "medium", "drift_policy": "heal", "deletion_protection": "on"}
    page = root.post(url("edit", store), wish, follow=True).content.decode()

    assert "Changed: display name, plan, deletion protection." in page
    store.refresh_from_db()
    assert (store.display_name, store.plan, store.deletion_protection, store.generation) == ("Tea", "medium", True, 2)
    entry = AuditEntry.objects.get()
    assert entry.action == "store.change"
    assert entry.before == {"display_name": "", "plan": "small", "deletion_protection": False}
    assert entry.after == {"display_name": "Tea", "plan": "medium", "deletion_protection": True}

    assert "Nothing changed." in root.post(url("edit", store), wish, follow=True).content.decode()
    assert AuditEntry.objects.count() == 1


def test_who_may_only_view_sees_all_and_can_do_nothing(store: Store) -> None:
    viewer = staff("view_store")
    before = traces()

    page = viewer.get(url("change", store)).content.decode()
    for text in ("WaitingForSlot", "Store requested", "<strong>Namespace</strong>"):
        assert text in page, text
    for text in ("Newest operations", "All operations", "All events", "Audit entries"):
        assert text not in page, text
    assert page.count("You need the permission to change stores.") == 6
    assert viewer.get(reverse("admin:stores_store_changelist")).status_code == 200
    for deed in ("retry", "reconcile", "suspend", "resume", "delete"):
        assert viewer.post(url("act", store, deed)).status_code == 403
    assert viewer.post(url("remove", store), {"name": "tea-shop"}).status_code == 403
    assert viewer.post(url("edit", store), {"plan": "large"}).status_code == 403
    assert viewer.post(reverse(ADD), {"tenant": "house", "name": "x-shop", "engine": "medusa"}).status_code == 403
    data = {"action": "suspend_selected", "_selected_action": [store.pk]}
    viewer.post(reverse("admin:stores_store_changelist"), data)
    assert traces() == before


def test_who_may_change_stores_may_act_and_no_more(store: Store) -> None:
    operator = staff("change_store")

    assert "Suspend: asked for." in press(operator, store, "suspend")
    assert operator.get(reverse(ADD)).status_code == 403
    assert operator.get(reverse("admin:stores_storeevent_changelist")).status_code == 403
    assert operator.get(reverse("admin:provisioner_operation_changelist")).status_code == 403
    assert operator.get(reverse("admin:tenants_tenant_changelist")).status_code == 403
    assert operator.post(url("delete", store), {"post": "yes"}).status_code == 403
    assert operator.post(url("change", store), {"phase": "Ready"}).status_code == 403


def test_who_has_no_permission_or_is_no_staff_gets_no_page(store: Store) -> None:
    before = traces()
    nobody, customer = staff(), Client()
    customer.force_login(User.objects.create(username="customer"))

    assert nobody.get(url("change", store)).status_code == 403
    assert nobody.post(url("act", store, "suspend")).status_code == 403
    for client in (customer, Client()):
        assert client.post(url("act", store, "suspend")).url.startswith("/admin/login/")  # type: ignore[attr-defined]
    assert traces() == before
