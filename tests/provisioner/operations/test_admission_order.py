"""The queue's order, as a table and as a property."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.operations.admission import Waiting, order

START = datetime(2026, 1, 1, tzinfo=UTC)


def waiting(number: int, tenant: int, minute: int) -> Waiting:
    return Waiting(UUID(int=number), tenant, START + timedelta(minutes=minute))


CASES = {
    "oldest first within a tenant": ([waiting(2, 1, 5), waiting(1, 1, 0)], {}, {}, [1, 2]),
    "tenants take turns": (
        [waiting(1, 1, 0), waiting(2, 1, 1), waiting(3, 1, 2), waiting(4, 2, 9)],
        {},
        {},
        [1, 4, 2, 3],
    ),
    "a tenant that holds slots waits for one that holds none": (
        [waiting(1, 1, 0), waiting(2, 2, 9)],
        {1: 2},
        {},
        [2, 1],
    ),
    "with equal slots the one that was served longest ago is next": (
        [waiting(1, 1, 0), waiting(2, 2, 9)],
        {},
        {1: START + timedelta(hours=2), 2: START + timedelta(hours=1)},
        [2, 1],
    ),
    "nobody waits": ([], {1: 3}, {}, []),
}


@pytest.mark.parametrize(("queue", "running", "last", "expected"), CASES.values(), ids=CASES.keys())
def test_the_order_of_the_queue(
    queue: list[Waiting], running: dict[int, int], last: dict[int, datetime | None], expected: list[int]
) -> None:
    assert order(queue, running, last) == [UUID(int=number) for number in expected]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 50)), max_size=30))
def test_everybody_is_served_once_and_no_tenant_runs_ahead(entries: list[tuple[int, int]]) -> None:
    queue = [waiting(number, tenant, minute) for number, (tenant, minute) in enumerate(entries)]
    tenant_of = {entry.operation_id: entry.tenant_id for entry in queue}

    served = order(queue, {}, {})

    assert sorted(served) == sorted(tenant_of)
    sizes = Counter(tenant_of.values())
    granted: Counter[int] = Counter()
    for operation_id in served:
        granted[tenant_of[operation_id]] += 1
        unfinished = [granted[tenant] for tenant in sizes if granted[tenant] < sizes[tenant]]
        assert granted[tenant_of[operation_id]] <= min(unfinished, default=10**6) + 1
