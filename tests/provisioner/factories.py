"""Records for the engine's tests, made without the services, so that each test starts where it wants to."""

import factory

from provisioner.operations import transitions
from provisioner.operations.models import Operation, OperationKind
from provisioner.pipelines.definitions import PIPELINES
from stores.models import Store
from tenants.models import Tenant


class TenantFactory(factory.django.DjangoModelFactory[Tenant]):
    class Meta:
        model = Tenant

    slug = factory.Sequence(lambda number: f"tenant-{number}")
    name = factory.SelfAttribute("slug")


class StoreFactory(factory.django.DjangoModelFactory[Store]):
    class Meta:
        model = Store

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda number: f"shop-{number}")


def operation(store: Store, kind: OperationKind = OperationKind.PROVISION, *, running: bool = True) -> Operation:
    """An operation with all steps of its pipeline, running unless said otherwise."""
    made = transitions.create(store, kind, [step.name for step in PIPELINES[kind].steps], "")
    if running:
        transitions.start(made)
        made.refresh_from_db()
    return made
