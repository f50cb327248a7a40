"""The platform's rules in the admin: a superuser's, judged like all others, and noted."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from stores.models import DriftRule
from tenants.models import AuditEntry, User
from tests.provisioner.factories import StoreFactory

pytestmark = pytest.mark.django_db

LIST = "admin:stores_driftrule_changelist"
ADD = "admin:stores_driftrule_add"
CHANGE = "admin:stores_driftrule_change"
DELETE = "admin:stores_driftrule_delete"
REPLICAS = {"kind": "Deployment", "name": "", "pointer": "/spec/replicas", "manager": "", "reason": "Scaled."}


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def staff() -> Client:
    user = User.objects.create(username="operator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__model="driftrule"))
    client = Client()
    client.force_login(user)
    return client


def errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


def test_a_superuser_makes_a_rule_for_all_stores_and_it_is_noted(root: Client) -> None:
    made = root.post(reverse(ADD), REPLICAS)

    assert made.status_code == 302
    rule = DriftRule.objects.get()
    assert (rule.store, str(rule), rule.reason) == (None, "Deployment /spec/replicas", "Scaled.")
    assert rule.created_by is not None
    assert rule.created_by.username == "root"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == ("driftrule.create", "Deployment /spec/replicas")
    assert entry.after == {"kind": "Deployment", "pointer": "/spec/replicas", "reason": "Scaled."}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"kind": "", "pointer": ""}, ["kind"]),
        ({"pointer": "spec"}, ["pointer"]),
        ({"kind": "deployment", "name": "A"}, ["kind", "name"]),
        ({"pointer": "/" + "a" * 512}, ["pointer"]),
    ],
)
def test_each_error_stands_at_its_field(root: Client, values: dict[str, str], fields: list[str]) -> None:
    refused = root.post(reverse(ADD), REPLICAS | values)

    assert sorted(errors(refused)) == fields
    assert not DriftRule.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_equal_rule_is_refused(root: Client) -> None:
    DriftRule.objects.create(**REPLICAS)
    DriftRule.objects.create(store=StoreFactory(), kind="Secret")

    assert errors(root.post(reverse(ADD), REPLICAS)) == {"__all__": ["There is such a rule already."]}
    assert root.post(reverse(ADD), REPLICAS | {"kind": "Secret", "pointer": ""}).status_code == 302


def test_a_rule_is_changed_and_removed_and_both_are_noted(root: Client) -> None:
    rule = DriftRule.objects.create(**REPLICAS)

    assert root.post(reverse(CHANGE, args=[rule.pk]), REPLICAS | {"manager": "hpa"}).status_code == 302
    assert root.post(reverse(DELETE, args=[rule.pk]), {"post": "yes"}).status_code == 302

    assert not DriftRule.objects.exists()
    change, delete = AuditEntry.objects.order_by("pk")
    assert (change.action, change.before, change.after) == ("driftrule.change", {"manager": ""}, {"manager": "hpa"})
    assert (delete.action, delete.target) == ("driftrule.delete", "Deployment /spec/replicas by hpa")


def test_a_stores_own_rule_is_only_shown(root: Client) -> None:
    rule = DriftRule.objects.create(store=StoreFactory(name="tea-shop"), **REPLICAS)

    assert "tea-shop" in root.get(reverse(LIST)).content.decode()
    assert root.post(reverse(CHANGE, args=[rule.pk]), REPLICAS | {"manager": "x"}).status_code == 403
    assert root.post(reverse(DELETE, args=[rule.pk]), {"post": "yes"}).status_code == 403
    root.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [rule.pk], "post": "yes"})

    rule.refresh_from_db()
    assert rule.manager == ""


def test_the_page_of_a_store_shows_its_rules(root: Client) -> None:
    store = StoreFactory()
    DriftRule.objects.create(store=store, **REPLICAS | {"reason": "Scaled by hand."})
    DriftRule.objects.create(store=StoreFactory(), **REPLICAS | {"reason": "Of another store."})

    page = root.get(reverse("admin:stores_store_change", args=[store.pk])).content.decode()

    assert "Scaled by hand." in page
    assert "Of another store." not in page


def test_django_permissions_alone_are_not_enough() -> None:
    operator = staff()
    rule = DriftRule.objects.create(**REPLICAS)

    assert operator.get(reverse(LIST)).status_code == 200
    assert operator.post(reverse(ADD), REPLICAS | {"kind": "Secret"}).status_code == 403
    assert operator.post(reverse(CHANGE, args=[rule.pk]), REPLICAS | {"manager": "x"}).status_code == 403
    assert operator.post(reverse(DELETE, args=[rule.pk]), {"post": "yes"}).status_code == 403

    assert list(DriftRule.objects.values_list("manager", flat=True)) == [""]
    assert not AuditEntry.objects.exists()
