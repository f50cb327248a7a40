"""The provisioner as `stores` sees it (`stores.provisioning.Provisioner`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import redis
from django.conf import settings
from django.utils import timezone

from provisioner import secrets, views
from provisioner.cluster import ClusterError, cluster
from provisioner.health import checks
from provisioner.mirror.tasks import mirror_soon
from provisioner.operations import transitions
from provisioner.operations.models import ACTIVE, Operation, OperationKind, OperationState
from provisioner.operations.tasks import admit_soon
from provisioner.pipelines.chain import send_chain
from provisioner.pipelines.definitions import PROVISION, TEARDOWN
from stores.models import Store
from stores.provisioning import (
    Check,
    Credentials,
    CredentialsNotReady,
    Load,
    OperationView,
    ProvisioningError,
    WorkView,
)


class ClusterProvisioner:
    """Work on real clusters, carried by Celery."""

    def start_provision(self, store: Store, *, request_id: str = "") -> OperationView:
        """Queue a birth or a repair; one that is queued or running already is returned as it is."""
        active = _active(store, OperationKind.PROVISION)
        if active is None:
            active = transitions.create(
                store, OperationKind.PROVISION, [step.name for step in PROVISION.steps], request_id
            )
        admit_soon()
        return views.operation_view(active)

    def start_teardown(self, store: Store, *, request_id: str = "") -> OperationView:
        """Cancel what is under way and start the removal at once: removals don't wait for slots."""
        active = _active(store, OperationKind.TEARDOWN)
        if active is not None:
            return views.operation_view(active)
        transitions.cancel_active(store)
        steps = [step.name for step in TEARDOWN.steps]
        operation = transitions.create(store, OperationKind.TEARDOWN, steps, request_id)
        transitions.start(operation)
        send_chain(operation.pk)
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

    def credentials(self, store: Store) -> Credentials:
        """Read the login from the store's Secret; it is neither kept nor logged here."""
        try:
            values = secrets.read(cluster(), store)
        except ClusterError as error:
            raise ProvisioningError(str(error)) from None
        if values is None:
            raise CredentialsNotReady(f"The store '{store.name}' has no credentials yet; ask again when it is ready.")
        return Credentials(
            admin_url=store.admin_url,
            admin_email=values["ADMIN_EMAIL"],
            admin_password=values["ADMIN_PASSWORD"],
            backend_url=store.url,
            publishable_key=values["PUBLISHABLE_KEY"],
        )

    def store_changed(self, store_id: int) -> None:
        """Let the mirror follow. Raises redis.RedisError when nobody can be told; the sweep follows then."""
        try:
            mirror_soon(store_id)
        except OSError as error:
            raise redis.ConnectionError(str(error)) from error

    def health(self) -> Mapping[str, Check]:
        """Broker, cluster, workers, beat."""
        return checks()

    def load(self) -> Load:
        """Queue and slots."""
        rows = Operation.objects.filter(kind=OperationKind.PROVISION, state__in=ACTIVE)
        queued: list[datetime] = []
        running = 0
        for state, created_at in rows.values_list("state", "created_at"):
            if state == OperationState.QUEUED:
                queued.append(created_at)
            else:
                running += 1
        oldest = (timezone.now() - min(queued)).total_seconds() if queued else 0.0
        return Load(settings.STOREPLANE_PROVISION_SLOTS, running, len(queued), oldest)


def _active(store: Store, kind: OperationKind) -> Operation | None:
    return Operation.objects.select_related("store__tenant").filter(store=store, kind=kind, state__in=ACTIVE).first()
