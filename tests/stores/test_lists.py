"""Lists of stores: filters, order, pages and what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from provisioner.operations.models import Operation, OperationState, Step
from provisioner.pipelines.definitions import PIPELINES
from stores.choices import ConditionType, Phase
from stores.models import Condition, Store
from tenants.models import Tenant
from tests.people import as_user

pytestmark = pytest.mark.django_db


def fill(client: APIClient, count: int) -> None:
    """Stores with all conditions, without the services."""
    client.get("/me")
    tenant = Tenant.objects.get()
    phases = [Phase.READY, Phase.PENDING, Phase.FAILED]
    stores = Store.objects.bulk_create(
        Store(tenant=tenant, name=f"shop-{n:04}", display_name=f"Shop No. {n}", phase=phases[n % 3])
        for n in range(count)
    )
    Condition.objects.bulk_create(
        Condition(store=store, type=type_, status="True", last_transition_time=timezone.now(), observed_generation=1)
        for store in stores
        for type_ in ConditionType.values
    )
    states = [OperationState.SUCCEEDED, OperationState.QUEUED, OperationState.FAILED]
    operations = Operation.objects.bulk_create(
        Operation(store=store, kind="provision", state=states[n % 3], generation=1) for n, store in enumerate(stores)
    )
    Step.objects.bulk_create(
        Step(operation=operation, position=position, name=step.name)
        for operation in operations
        for position, step in enumerate(PIPELINES["provision"].steps)
    )


def names(client: APIClient, query: str) -> list[str]:
    answer = client.get(f"/stores?{query}")
    assert answer.status_code == 200, answer.content
    return [store["name"] for store in answer.json()["results"]]


def walk(client: APIClient, query: str) -> list[Any]:
    found, url = [], f"/stores?{query}"
    while url:
        page = client.get(url).json()
        found += [store["name"] for store in page["results"]]
        url = page["next"]
    return found


# The user, their roles, the page, its conditions, its latest operations, their steps, and three for the queue.
QUERIES_OF_A_LIST = 9


@pytest.mark.parametrize("stores", [10, 1000])
@pytest.mark.parametrize("page_size", [10, 200])
def test_a_list_takes_the_same_few_queries_however_many_stores_there_are(stores: int, page_size: int) -> None:
    ann = as_user("ann")
    fill(ann, stores)

    with CaptureQueriesContext(connection) as queries:
        answer = ann.get(f"/stores?page_size={page_size}")

    assert len(answer.json()["results"]) == min(stores, page_size)
    assert len(queries) == QUERIES_OF_A_LIST, [query["sql"][:90] for query in queries]


@pytest.mark.parametrize("ordering", ["name", "-name", "created_at", "-created_at", "phase", "-phase"])
def test_pages_show_each_store_once_in_every_order(ordering: str) -> None:
    ann = as_user("ann")
    fill(ann, 25)

    found = walk(ann, f"ordering={ordering}&page_size=4")

    assert len(found) == 25
    assert len(set(found)) == 25


def test_an_order_by_phase_keeps_phases_together() -> None:
    ann = as_user("ann")
    fill(ann, 9)

    assert names(ann, "ordering=phase") == [
        "shop-0002", "shop-0005", "shop-0008", "shop-0001", "shop-0004", "shop-0007", "shop-0000", "shop-0003",
        "shop-0006",
    ]  # fmt: skip


def test_filters_narrow_the_list() -> None:
    ann = as_user("ann")
    fill(ann, 6)

    assert names(ann, "phase=Failed") == ["shop-0002", "shop-0005"]
    assert names(ann, "phase=Failed&phase=Pending") == ["shop-0001", "shop-0002", "shop-0004", "shop-0005"]
    assert names(ann, "search=NO. 3") == ["shop-0003"]
    assert names(ann, "search=0004") == ["shop-0004"]
    assert names(ann, "engine=woocommerce") == []
    assert names(ann, "search=100%25") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("phase=Happy", "phase"),
        ("engine=magento", "engine"),
        ("ordering=plan", "ordering"),
        ("ordering=--name", "ordering"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=many", "page_size"),
        ("cursor=nonsense", "cursor"),
        ("cursor=cD0lMDA=", "cursor"),  # p=%00
        ("ordering=created_at&cursor=cD10ZWE=", "cursor"),  # p=tea
        ("search=%00", "search"),
    ],
)
def test_a_query_that_cant_be_used_is_a_400_that_names_it(query: str, field: str) -> None:
    ann = as_user("ann")
    fill(ann, 2)

    refused = ann.get(f"/stores?{query}")

    assert refused.status_code == 400, refused.content
    assert [error["field"] for error in refused.json()["errors"]] == [field]
