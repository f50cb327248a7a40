"""A platform in the middle of its day, made by the services and the engine's own functions, but without a cluster."""

from django.db import connection, transaction
from django.utils import timezone

from provisioner.drift.models import Finding, Verdict
from provisioner.operations import admission, transitions
from provisioner.operations.models import Operation, Step
from provisioner.pipelines.recording import record, record_failure
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores import services
from stores.changes import ConditionChange
from stores.choices import STEP_CONDITIONS, ConditionStatus, EventType, Phase
from stores.models import Store
from tenants.models import Membership, Role, Tenant, User

PASSWORD = "only for tests"
_EVENTS = (
    EventType.NAMESPACE_READY,
    EventType.HELM_READY,
    EventType.DB_READY,
    EventType.BACKEND_READY,
    EventType.STOREFRONT_READY,
)
_LONG_ERROR = (
    "Helm refused the release: Deployment.apps \"backend\" is invalid: spec.template.spec.containers[0].resources."
    "requests: Invalid value: \"384Mi\": must be less than or equal to memory limit of 256Mi."
)  # fmt: skip


def people() -> tuple[User, Tenant]:
    """An operator who is also a member of a tenant, as the only one of it."""
    root = User.objects.create_superuser("root", password=PASSWORD)
    tenant = Tenant.objects.create(slug="harbour-goods", name="Harbour Goods", plan="large")
    Membership.objects.create(tenant=tenant, user=root, role=Role.OWNER)
    return root, tenant


def fill(root: User, tenant: Tenant) -> None:
    """Stores in every phase, three at work, and more in the queue than its table shows.

    Nobody listens yet, so what would be told to Redis and Celery at the commit is left out: it costs most of the time.
    """
    with transaction.atomic():
        _fill(root, tenant)
        connection.run_on_commit.clear()


def _fill(root: User, tenant: Tenant) -> None:
    other = Tenant.objects.create(slug="northern-lights-trading-company", name="Northern Lights", plan="large")
    for name in ("tea-shop", "slow-teapots", "oak-and-linen-for-the-long-winter-nights"):
        _finish(_born(tenant, root, name))
    services.request_teardown(Store.objects.get(name="slow-teapots"), request_id="req-removal")
    services.suspend(_finish(_born(other, root, "field-notebooks")), request_id="req-suspend")
    _finish(_born(other, root, "candles"))
    Store.objects.filter(name="candles").update(phase=Phase.DEGRADED)
    _drift(Store.objects.get(name="candles"))
    _gone(_finish(_born(other, root, "gone-already")))
    failed = _born(tenant, root, "morning-mugs")
    _step(failed, 0)
    _fail(failed, 1)
    services.create_store(tenant, services.StoreSpec("woollen-throws", engine="woocommerce"), by=root)
    _queue(tenant, other, root)


def _born(tenant: Tenant, by: User, name: str) -> Operation:
    services.create_store(tenant, services.StoreSpec(name, display_name=name.title()), by=by, request_id=f"req-{name}")
    admission.admit()
    return Operation.objects.select_related("store").get(store__name=name)


def _finish(operation: Operation) -> Store:
    for position in range(len(STEP_CONDITIONS)):
        _step(operation, position)
    return Store.objects.get(pk=operation.store_id)


def _step(operation: Operation, position: int) -> None:
    step = operation.steps.get(position=position)
    said = ConditionChange(STEP_CONDITIONS[position], ConditionStatus.TRUE, "SeenReady", f"{step.name} is there.")
    record(operation, step, transitions.claim(step), Done(_EVENTS[position], f"{step.name} is ready.", (said,)))


def _fail(operation: Operation, position: int) -> None:
    step = operation.steps.get(position=position)
    record_failure(operation, step, transitions.claim(step), StepFailed("ChartInvalid", _LONG_ERROR))


def _gone(store: Store) -> None:
    services.request_teardown(store)
    Operation.objects.filter(store=store, kind="teardown").update(state="succeeded", finished_at=timezone.now())
    Store.objects.filter(pk=store.pk).update(deleted_at=timezone.now())


def _queue(tenant: Tenant, other: Tenant, by: User) -> None:
    for number in range(8):
        services.create_store(tenant, services.StoreSpec(f"stand-{number}"), by=by, request_id=f"req-stand-{number}")
        services.create_store(other, services.StoreSpec(f"booth-{number}"), by=by)
    admission.admit()
    running = list(Operation.objects.filter(state="running", kind="provision").order_by("started_at"))
    for position in range(3):
        _step(running[0], position)
    _wait(running[0].steps.get(position=3))
    _step(running[1], 0)
    transitions.claim(running[1].steps.get(position=1))
    again = running[2].steps.get(position=0)
    record_failure(running[2], again, transitions.claim(again), OSError("the connection was reset"))


def _wait(step: Step) -> None:
    operation = Operation.objects.select_related("store").get(pk=step.operation_id)
    record(operation, step, transitions.claim(step), Wait("Deployment backend: 0 of 1 pods ready", 5))


def _drift(store: Store) -> None:
    difference = {"path": "/spec/template/spec/containers/0/image", "wanted": "shop:1", "found": "evil:1"}
    Finding.objects.create(
        store=store,
        kind="Deployment",
        namespace=store.namespace,
        name="backend",
        verdict=Verdict.CHANGED,
        differences=[difference],
        message="Deployment 'backend' was changed by kubectl: /spec/template/spec/containers/0/image.",
        detected_at=store.created_at,
    )
