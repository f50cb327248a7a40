"""The provisioner as `stores` sees it (`stores.provisioning.Provisioner`)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone

from provisioner import labels, secrets, views
from provisioner.cluster import ClusterError, cluster
from provisioner.cluster.kinds import NAMESPACE
from provisioner.drift.tasks import judge_drift
from provisioner.drift.telling import drift_view
from provisioner.health import checks
from provisioner.messages import send
from provisioner.mirror.rows import has_the_name
from provisioner.mirror.tasks import mirror_soon
from provisioner.operations import transitions
from provisioner.operations.models import ACTIVE, SLOTTED, Operation, OperationKind, OperationState
from provisioner.operations.tasks import admit_soon
from provisioner.pipelines.chain import send_chain
from provisioner.pipelines.definitions import PIPELINES
from stores.models import Store
from stores.provisioning import (
    Check,
    Credentials,
    CredentialsNotReady,
    DriftView,
    Load,
    OperationView,
    ProvisioningError,
    WorkView,
)

_LOGIN = {"ADMIN_EMAIL", "ADMIN_PASSWORD", "PUBLISHABLE_KEY"}


class ClusterProvisioner:
    """Work on real clusters, carried by Celery."""

    def start_work(self, store: Store, *, request_id: str = "") -> OperationView:
        """Queue a birth or a reconciliation; one that is queued already is returned, one that runs is hurried."""
        active = _without_heal(_active(store))
        if active is None:
            kind = OperationKind.PROVISION if store.ready_at is None else OperationKind.RECONCILE
            active = transitions.create(store, kind, _steps_of(kind), request_id)
        elif active.state == OperationState.RUNNING and active.kind != OperationKind.TEARDOWN:
            transitions.hurry(active)
            send_chain(active)
        admit_soon()
        return views.operation_view(active)

    def start_over(self, store: Store, *, request_id: str = "") -> OperationView:
        """Work from the first step with fresh counters: what is queued or running is rewound, else it is queued."""
        active = _without_heal(_active(store))
        if active is None or active.kind == OperationKind.TEARDOWN:
            return self.start_work(store, request_id=request_id)
        transitions.rewind(active, store.generation)
        active.refresh_from_db()
        if active.state == OperationState.RUNNING:
            send_chain(active)
        return views.operation_view(active)

    def stop_work(self, store: Store) -> bool:
        """Cancel what is queued or running, unless it is a removal."""
        active = _active(store)
        if active is None or active.kind == OperationKind.TEARDOWN:
            return False
        transitions.cancel(active)
        admit_soon()
        return True

    def start_teardown(self, store: Store, *, request_id: str = "") -> OperationView:
        """Cancel what is under way and start the removal at once: removals don't wait for slots, and come once."""
        removal = _removal(store)
        if removal is not None:
            return views.operation_view(removal)
        active = _active(store)
        if active is not None:
            transitions.cancel(active)
        operation = transitions.create(store, OperationKind.TEARDOWN, _steps_of(OperationKind.TEARDOWN), request_id)
        transitions.start(operation)
        send_chain(operation)
        admit_soon()
        operation.refresh_from_db()
        return views.operation_view(operation)

    def operation(self, operation_id: UUID) -> OperationView | None:
        """One operation with its steps."""
        found = Operation.objects.select_related("store__tenant").filter(pk=operation_id).first()
        return views.operation_view(found) if found else None

    def work(self, stores: Sequence[Store]) -> Mapping[int, WorkView]:
        """What is being done to each store."""
        return views.work_views(stores)

    def drift(self, store: Store) -> DriftView:
        """What differs in the store and what was healed."""
        return drift_view(store)

    def judge_drift(self, store: Store) -> None:
        """The sweep would do it anyway, but a person waits for the answer."""
        message = judge_drift.s(store.name)
        transaction.on_commit(lambda: send(message, queue="drift"), robust=True)

    def credentials(self, store: Store) -> Credentials:
        """Read the login from the store's Secret; it is neither kept nor logged here.

        What lies under the name of a store that waits for it is an earlier store's, perhaps another tenant's. So may
        be what an earlier or later store of a name left there, when the database was lost or is an older one again.
        """
        if not has_the_name(store):
            raise CredentialsNotReady(f"The store '{store.name}' waits until the earlier one of its name is gone.")
        try:
            values = self._login(store)
        except ClusterError as error:
            raise ProvisioningError(str(error)) from None
        if values is None:
            raise CredentialsNotReady(f"The store '{store.name}' has no credentials yet; ask again when it is ready.")
        if lost := sorted(_LOGIN - values.keys()):
            raise CredentialsNotReady(f"The Secret of the store '{store.name}' has lost {', '.join(lost)}.")
        return Credentials(
            admin_url=store.admin_url,
            admin_email=values["ADMIN_EMAIL"],
            admin_password=values["ADMIN_PASSWORD"],
            backend_url=store.url,
            publishable_key=values["PUBLISHABLE_KEY"],
        )

    def _login(self, store: Store) -> dict[str, str] | None:
        namespace = cluster().get(NAMESPACE, store.namespace)
        ours = namespace is not None and labels.is_of(namespace, store)
        return secrets.read(cluster(), store) if ours else None

    def store_changed(self, store_id: int) -> None:
        """Let the mirror follow. Raises redis.RedisError when nobody can be told; the sweep follows then."""
        mirror_soon(store_id)

    def health(self) -> Mapping[str, Check]:
        """Broker, cluster, workers, beat."""
        return checks()

    def load(self) -> Load:
        """Queue and slots."""
        rows = Operation.objects.filter(kind__in=SLOTTED, state__in=ACTIVE).order_by().values_list("state")
        by_state = {state: (count, first) for state, count, first in rows.annotate(Count("pk"), Min("created_at"))}
        running, _ = by_state.get(OperationState.RUNNING, (0, None))
        queued, oldest = by_state.get(OperationState.QUEUED, (0, None))
        waited = (timezone.now() - oldest).total_seconds() if oldest else 0.0
        return Load(settings.STOREPLANE_PROVISION_SLOTS, running, queued, max(waited, 0.0))


def _active(store: Store) -> Operation | None:
    return Operation.objects.select_related("store__tenant").filter(store=store, state__in=ACTIVE).first()


def _removal(store: Store) -> Operation | None:
    """The store's removal, under way or done: what a second one removed would be a successor's, by its name."""
    once = Operation.objects.filter(kind=OperationKind.TEARDOWN, state__in=(*ACTIVE, OperationState.SUCCEEDED))
    return once.select_related("store__tenant").filter(store=store).first()


def _without_heal(active: Operation | None) -> Operation | None:
    """Whoever wants more than a heal does all that it would do, and needn't wait for it."""
    if active is None or active.kind != OperationKind.HEAL:
        return active
    transitions.cancel(active)
    return None


def _steps_of(kind: OperationKind) -> list[str]:
    return [step.name for step in PIPELINES[kind].steps]
