"""People, tenants and tokens in the operator's hands: everything is noted, no secret stays."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenants import rights, tokens
from tenants.models import ApiToken, AuditEntry, Membership, Role, Tenant, User
from tests.people import member, tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def memberships(total: int = 0, **rows: str) -> dict[str, str]:
    form = {"memberships-TOTAL_FORMS": str(total), "memberships-INITIAL_FORMS": "0"}
    return form | {f"memberships-0-{name}": value for name, value in rows.items()}


def test_a_new_plan_is_noted_with_the_old_one(root: Client) -> None:
    house = tenant("house")

    root.post(
        reverse("admin:tenants_tenant_change", args=[house.pk]),
        {"slug": "house", "name": "house", "plan": "large", **memberships()},
    )

    assert Tenant.objects.get().plan == "large"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.via, entry.action, entry.target) == ("root", "admin", "tenant.change", "house")
    assert (entry.before, entry.after) == ({"plan": "small"}, {"plan": "large"})


def test_the_slug_by_which_the_cluster_knows_whose_a_store_is_stays(root: Client) -> None:
    house = tenant("house")

    root.post(
        reverse("admin:tenants_tenant_change", args=[house.pk]),
        {"slug": "castle", "name": "castle", "plan": "small", **memberships()},
    )

    assert Tenant.objects.values_list("slug", "name").get() == ("house", "castle")


def test_a_member_who_is_added_on_the_tenants_page_is_noted(root: Client) -> None:
    house, ann = tenant("house"), User.objects.create(username="ann")

    root.post(
        reverse("admin:tenants_tenant_change", args=[house.pk]),
        {"slug": "house", "name": "house", "plan": "small",
         **memberships(1, user=str(ann.pk), role="viewer", tenant=str(house.pk))},
    )  # fmt: skip

    assert Membership.objects.get().role == "viewer"
    entry = AuditEntry.objects.get(action="member.add")
    assert (entry.target, entry.after, entry.tenant) == ("ann", {"role": "viewer"}, house)


def test_a_changed_password_is_noted_and_told_to_listeners(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = User.objects.create_user("ann", password="old")
    told: list[Any] = []
    monkeypatch.setattr(rights, "changed", told.append)
    address = reverse("admin:auth_user_password_change", args=[ann.pk])
    wanted = {"usable_password": "true", "password1": "Gr4ce-h0pper", "password2": "Gr4ce-h0pper"}

    assert root.post(address, {**wanted, "password2": "another"}).status_code == 200
    assert not told
    assert root.post(address, wanted).status_code == 302

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == ("root", "user.password", "ann")
    assert "h0pper" not in str((entry.before, entry.after))
    assert told == [[ann.pk]]


def test_a_password_is_noted_without_its_value(root: Client) -> None:
    root.post(
        reverse("admin:tenants_user_add"),
        {"username": "ann", "usable_password": "true", "password1": "Gr4ce-h0pper", "password2": "Gr4ce-h0pper",
         **memberships()},
    )  # fmt: skip

    entry = AuditEntry.objects.get(action="user.create")
    assert entry.target == "ann"
    assert entry.after is not None
    assert entry.after["password1"] == "(hidden)"
    assert "Gr4ce" not in str(entry.after)


def test_a_token_is_made_shown_once_and_noted(root: Client) -> None:
    member(tenant("house"), Role.OWNER, "ann")
    form = {"tenant": tenant("house").pk, "user": User.objects.get(username="ann").pk, "name": "ci", "role": "member",
            "expires_at_0": "", "expires_at_1": ""}  # fmt: skip

    shown = root.post(reverse("admin:tenants_apitoken_add"), form, follow=True).content.decode()

    token = ApiToken.objects.get()
    secret = next(word for word in shown.replace("<", " ").split() if word.startswith(f"{token.prefix}_"))
    assert tokens.find(secret) == token
    assert AuditEntry.objects.get().action == "token.create"
    page = root.get(reverse("admin:tenants_apitoken_change", args=[token.pk])).content.decode()
    assert "Usable" in page
    assert secret not in page
    assert token.digest not in page


def test_tokens_are_revoked_and_noted(root: Client) -> None:
    member(tenant("house"), Role.OWNER, "ann")
    made = tokens.make(tenant("house"), User.objects.get(username="ann"), name="ci", role=Role.MEMBER)

    for _ in range(2):
        root.post(
            reverse("admin:tenants_apitoken_changelist"),
            {"action": "revoke_selected", "_selected_action": [made.token.pk]},
        )

    made.token.refresh_from_db()
    assert made.token.revoked_at is not None
    assert AuditEntry.objects.get().action == "token.revoke"


def test_staff_who_may_only_look_cant_revoke(root: Client) -> None:
    from django.contrib.auth.models import Permission

    staff = User.objects.create(username="staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    made = tokens.make(tenant("house"), staff, name="ci", role=Role.MEMBER)
    client = Client()
    client.force_login(staff)

    page = client.post(
        reverse("admin:tenants_apitoken_changelist"),
        {"action": "revoke_selected", "_selected_action": [made.token.pk]},
        follow=True,
    )

    assert page.status_code == 200
    made.token.refresh_from_db()
    assert made.token.revoked_at is None
