"""The nastiest interleavings, each told once and always in the same way."""

import pytest

from stores import services
from stores.models import Store
from tenants.models import Tenant
from tests.simulation import invariants, quiet
from tests.simulation.world import World

pytestmark = pytest.mark.usefixtures("simulated")


def wish(name: str = "tea-shop") -> Store:
    tenant, _ = Tenant.objects.get_or_create(slug="ann", defaults={"name": "ann"})
    return services.create_store(tenant, services.StoreSpec(name=name), by=None, request_id=f"create-{name}").store


def come_to_rest(world: World) -> None:
    quiet.settle(world)
    assert [*invariants.always(world), *invariants.at_rest(world, frozenset())] == []


def test_a_store_is_born(world: World) -> None:
    store = wish()
    come_to_rest(world)
    store.refresh_from_db()
    assert store.phase == "Ready"
