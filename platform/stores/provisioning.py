"""What `stores` asks of whoever does the work in the cluster.

Records know nothing of the provisioner: it is named by the setting `STOREPLANE_PROVISIONER` and reached through this
protocol only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from stores.models import Store


@dataclass(frozen=True)
class StepView:
    """A step of an operation, as the API and the dashboard show it; `due_at` is when it is looked at or tried again."""

    name: str
    label: str
    state: str
    attempt: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    due_at: datetime | None = None
    waiting_for: str = ""
    error_reason: str = ""
    error: str = ""


@dataclass(frozen=True)
class OperationView:
    """One piece of work on a store; `state` is queued, running, succeeded, failed or cancelled.

    `explanation` says in one sentence why it is where it is. `generation` is the spec that it works towards.
    `queue_position` counts from 1, and is None for what isn't in the queue.
    """

    id: UUID
    kind: str
    state: str
    store: str
    tenant: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error_reason: str
    error: str
    steps: tuple[StepView, ...]
    generation: int = 1
    request_id: str = ""
    explanation: str = ""
    queue_position: int | None = None


@dataclass(frozen=True)
class WorkView:
    """What is being done to a store: its latest operation, its pipeline, and its place in the queue (1 is next)."""

    operation: OperationView | None = None
    pipeline: tuple[StepView, ...] = ()
    queue_position: int | None = None


@dataclass(frozen=True)
class DifferenceView:
    """A field that isn't as it was asked for; the values as a person reads them, those of Secrets hidden."""

    path: str
    pointer: str
    wanted: str
    found: str
    text: str


@dataclass(frozen=True)
class FindingView:
    """An object that isn't, or wasn't, as it was asked for; `verdict` is missing, changed or foreign."""

    id: int
    kind: str
    namespace: str
    name: str
    verdict: str
    message: str
    differences: tuple[DifferenceView, ...]
    detected_at: datetime
    healed_at: datetime | None = None
    healed_by: UUID | None = None


@dataclass(frozen=True)
class DriftView:
    """What differs in a store (`open` are the newest of `open_total`), and what was healed last, newest first."""

    open: tuple[FindingView, ...] = ()
    healed: tuple[FindingView, ...] = ()
    open_total: int = 0


@dataclass(frozen=True)
class Credentials:
    """What a store's owner logs in with; read from the cluster, never kept here. The repr hides the password."""

    admin_url: str
    admin_email: str
    backend_url: str
    publishable_key: str = field(repr=False)
    admin_password: str = field(repr=False)


@dataclass(frozen=True)
class Check:
    """One part of the platform's health, with a sentence for a person."""

    ok: bool
    message: str


@dataclass(frozen=True)
class Load:
    """The queue and the slots, for the dashboard and the metrics."""

    slots: int
    slots_used: int
    queue_depth: int
    queue_oldest_seconds: float


class ProvisioningError(Exception):
    """The cluster can't answer just now; the message is a sentence for a person."""


class CredentialsNotReady(Exception):
    """The store has no credentials yet, or no longer."""


class Provisioner(Protocol):
    """The work behind a store. Every `start_*` joins the caller's transaction and acts once it commits."""

    def start_work(self, store: Store, *, request_id: str = "") -> OperationView:
        """Queue the store's birth, or once it was born, bringing it to what its record asks for.

        What is queued already is returned; what runs and waits for a later attempt goes on now.
        """
        ...

    def start_over(self, store: Store, *, request_id: str = "") -> OperationView:
        """Work towards the store's present generation, from the first step and with fresh counters."""
        ...

    def stop_work(self, store: Store) -> bool:
        """Cancel whatever is queued or running but a removal; whether there was anything."""
        ...

    def start_teardown(self, store: Store, *, request_id: str = "") -> OperationView:
        """Stop what runs for the store and queue its removal; the removal that runs, or is done, when there is one."""
        ...

    def operation(self, operation_id: UUID) -> OperationView | None:
        """One operation with its steps."""
        ...

    def work(self, stores: Sequence[Store]) -> Mapping[int, WorkView]:
        """What is being done to each store, by its primary key, in a constant number of queries."""
        ...

    def drift(self, store: Store) -> DriftView:
        """What differs in the store and what was healed, in a constant number of queries."""
        ...

    def judge_drift(self, store: Store) -> None:
        """Judge the store anew once the transaction commits: what counts as drift has changed."""
        ...

    def credentials(self, store: Store) -> Credentials:
        """Read the store's Secret. Raises CredentialsNotReady or ProvisioningError."""
        ...

    def store_changed(self, store_id: int) -> None:
        """Called after each commit that changed the store's record, so that the mirror may follow."""
        ...

    def health(self) -> Mapping[str, Check]:
        """The parts that only the provisioner can see: broker, cluster, workers, beat."""
        ...

    def load(self) -> Load:
        """Queue and slots, in one query."""
        ...


@cache
def provisioner() -> Provisioner:
    """The one that the settings name."""
    implementation: Provisioner = import_string(settings.STOREPLANE_PROVISIONER)()
    return implementation
