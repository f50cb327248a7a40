"""The operator's pages about drift: what is open in all stores and in one, and nothing to change by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from provisioner.drift.models import Finding, Verdict
from stores.models import Store
from tenants.models import User
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db

LIST = "admin:provisioner_finding_changelist"


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def finding(store: Store, name: str, **values: Any) -> Finding:
    given = {
        "store": store,
        "kind": "Deployment",
        "namespace": store.namespace,
        "name": name,
        "verdict": Verdict.CHANGED,
        "message": f"Deployment {name} was changed.",
        "differences": [{"path": "/spec/replicas", "wanted": 1, "found": 3}],
        "detected_at": timezone.now(),
    }
    return Finding.objects.create(**given | values)


def test_the_list_shows_what_is_open_and_the_healed_when_asked_for(root: Client) -> None:
    store = StoreFactory(name="tea-shop")
    finding(store, "still-open")
    finding(store, "mended", healed_at=timezone.now(), healed_by=operation(store))

    shown = {end: root.get(f"{reverse(LIST)}?end={end}").content.decode() for end in ("", "healed", "all")}

    assert "still-open" in shown[""]
    assert "mended" not in shown[""]
    assert "spec.replicas: wanted 1, found 3" in shown[""]
    assert "mended" in shown["healed"]
    assert "still-open" not in shown["healed"]
    assert "mended" in shown["all"]
    assert "still-open" in shown["all"]


def test_the_page_of_a_store_shows_its_open_findings_first(root: Client) -> None:
    store = StoreFactory()
    long_ago = timezone.now() - timedelta(days=30)
    finding(store, "still-open", detected_at=long_ago)
    for number in range(20):
        finding(store, f"mended-{number}", healed_at=timezone.now())
    finding(StoreFactory(), "of-another-store")

    page = root.get(reverse("admin:stores_store_change", args=[store.pk])).content.decode()

    assert page.index("still-open") < page.index("mended-19")
    assert "mended-0<" not in page
    assert "of-another-store" not in page


def test_a_finding_can_be_looked_at_and_not_be_changed(root: Client) -> None:
    address = reverse("admin:provisioner_finding_change", args=[finding(StoreFactory(), "web").pk])

    page = root.get(address)

    assert "spec.replicas: wanted 1, found 3" in page.content.decode()
    assert root.post(address, {"name": "x"}).status_code == 403
    assert root.post(reverse("admin:provisioner_finding_add"), {}).status_code == 403


def test_the_list_costs_the_same_for_many(root: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert root.get(reverse(LIST)).status_code == 200
        return len(asked)

    finding(StoreFactory(), "first")
    few = queries()
    for number in range(20):
        finding(StoreFactory(), f"more-{number}")

    assert queries() == few
