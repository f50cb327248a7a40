"""An operator removes what is left: asked once more, noted, and only with the permission to."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from provisioner.cluster import Cluster, Unavailable
from provisioner.cluster.kinds import NAMESPACE
from provisioner.drift.orphans import removing
from provisioner.drift.orphans.models import Orphan
from tenants.models import AuditEntry, User
from tests.provisioner.drift.orphans.conftest import namespace, orphan
from tests.provisioner.factories import StoreFactory
from tests.provisioner.mirror.conftest import Remembered

pytestmark = [pytest.mark.django_db, pytest.mark.cluster]

LIST = "admin:provisioner_orphan_changelist"


def staff(*permissions: str) -> Client:
    user = User.objects.create(username="operator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(db: None) -> Client:
    return staff("view_orphan", "delete_orphan")


def ask(client: Client, row: Orphan, **more: str) -> str:
    form = {"action": "remove_selected", "_selected_action": str(row.pk), **more}
    answer = client.post(reverse(LIST), form, follow=True)
    return str(answer.content.decode())


def test_the_list_says_why_each_is_one(api: Remembered, operator: Client) -> None:
    namespace(api, "gone")
    orphan(api, "Namespace")

    page = operator.get(reverse(LIST)).content.decode()

    assert "Namespace store-gone" in page
    assert "carries the label of the store &#x27;gone&#x27;, and there is no such store." in page


def test_the_first_click_only_asks(api: Remembered, operator: Client) -> None:
    namespace(api, "gone")
    row = orphan(api, "Namespace")
    api.forget()

    page = ask(operator, row)

    assert "Remove for good" in page
    assert "Namespace store-gone" in page
    assert Orphan.objects.filter(pk=row.pk).exists()
    assert not AuditEntry.objects.exists()
    found = api.get(NAMESPACE, "store-gone")
    assert found is not None
    assert "deletionTimestamp" not in found["metadata"]


def test_the_second_removes_and_notes_it(api: Remembered, operator: Client) -> None:
    made = namespace(api, "gone")

    page = ask(operator, orphan(api, "Namespace"), confirmed="yes")

    assert "Asked for: the removal of 1 of 1." in page
    assert api.wait_gone(NAMESPACE, "store-gone", timeout=60)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.via, entry.action, entry.target) == (
        "operator",
        "admin",
        "orphan.remove",
        "Namespace store-gone",
    )
    assert entry.before is not None
    assert entry.before["uid"] == made["metadata"]["uid"]


def test_what_got_a_store_meanwhile_is_left_alone_and_nothing_is_noted(api: Remembered, operator: Client) -> None:
    namespace(api, "gone")
    row = orphan(api, "Namespace")
    StoreFactory(name="gone")

    page = ask(operator, row, confirmed="yes")

    assert "is no orphan any more" in page
    assert api.get(NAMESPACE, "store-gone") is not None
    assert not AuditEntry.objects.exists()


def test_a_cluster_that_is_away_is_told_and_the_row_stays(
    api: Remembered, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace(api, "gone")
    row = orphan(api, "Namespace")

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("The API server doesn't answer.")

    monkeypatch.setattr(removing.looking, "look_at", fail)
    page = ask(operator, row, confirmed="yes")

    assert "Namespace store-gone was not removed, as far as is known: The API server doesn" in page
    assert Orphan.objects.filter(pk=row.pk).exists()
    assert not AuditEntry.objects.exists()


def test_a_deletion_whose_answer_is_late_is_in_the_audit(
    api: Remembered, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace(api, "gone")
    delete = removing._delete

    def answer_late(*what: Any) -> None:
        delete(*what)
        raise Unavailable("The API server didn't answer in time.")

    monkeypatch.setattr(removing, "_delete", answer_late)
    page = ask(operator, orphan(api, "Namespace"), confirmed="yes")

    assert "was not removed, as far as is known: The API server didn" in page
    assert AuditEntry.objects.get().target == "Namespace store-gone"
    assert api.wait_gone(NAMESPACE, "store-gone", timeout=60)


def test_who_may_only_look_has_no_such_action(api: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    namespace(api, "gone")
    row = orphan(api, "Namespace")
    viewer = staff("view_orphan")

    assert "remove_selected" not in viewer.get(reverse(LIST)).content.decode()
    with monkeypatch.context() as forbidden:
        forbidden.setattr(Cluster, "delete", lambda *_, **__: pytest.fail("It was deleted."))
        ask(viewer, row, confirmed="yes")

    assert Orphan.objects.filter(pk=row.pk).exists()
    assert not AuditEntry.objects.exists()
