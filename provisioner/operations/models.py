"""One row for each piece of work, and one for each of its steps. `transitions` is the only writer."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from stores.models import Store


class OperationKind(models.TextChoices):
    """What can be done to a store."""

    PROVISION = "provision", "Provision"
    RECONCILE = "reconcile", "Reconcile"
    TEARDOWN = "teardown", "Teardown"
    HEAL = "heal", "Heal"


SLOTTED = (OperationKind.PROVISION, OperationKind.RECONCILE)
"""Kinds that wait for a slot: a birth, and bringing a store that was born back to what its record asks for."""


class OperationState(models.TextChoices):
    """queued → running → succeeded or failed; a teardown cancels what is queued or running."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE = (OperationState.QUEUED, OperationState.RUNNING)
ENDED = (OperationState.SUCCEEDED, OperationState.FAILED, OperationState.CANCELLED)


class StepState(models.TextChoices):
    """pending → running → succeeded; waiting is a step between two looks; failed and cancelled are ends."""

    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    SUCCEEDED = "succeeded", "Succeeded"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


CLAIMABLE = (StepState.PENDING, StepState.WAITING)
FINISHED = (StepState.SUCCEEDED, StepState.SKIPPED)


class Operation(models.Model):
    """A piece of work on a store, carried by a pipeline of steps.

    `generation` is the store's spec that it works towards. `message_due_at` is when the last chain that was sent for it
    is to be delivered, so that the sweep doesn't pile up messages behind a busy queue. `blocker` is what stands in the
    way of a removal, as it was last told. `traceparent` (W3C Trace Context) is the span of the request that asked for
    it, beneath which every step belongs wherever it is run; empty without traces.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=20, choices=OperationKind.choices)
    state = models.CharField(max_length=20, choices=OperationState.choices, default=OperationState.QUEUED)
    generation = models.PositiveBigIntegerField()
    request_id = models.CharField(max_length=64, blank=True)
    traceparent = models.CharField(max_length=55, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    message_due_at = models.DateTimeField(null=True, blank=True)
    blocker = models.TextField(blank=True)
    error_reason = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store"], condition=Q(state__in=ACTIVE), name="one_active_operation_of_a_store"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store", "-created_at"], name="operations_of_a_store"),
            models.Index(fields=["kind", "state", "created_at"], name="operations_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.store}"


class Step(models.Model):
    """One link of an operation's chain.

    `owner` holds it while `heartbeat_at` is fresh; `fence` grows with each claim, so that an owner that was given up
    for dead can't act any more. An owner whose lease was taken away (the operation was cancelled or rewound) stays
    written down until it lets go, since it may still be acting. `attempt` counts failures, `claims` counts starts,
    also those that ended in a kill.
    """

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=30)
    state = models.CharField(max_length=20, choices=StepState.choices, default=StepState.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    claims = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=200, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    waiting_for = models.TextField(blank=True)
    error_reason = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["operation", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["operation", "name"], name="one_step_of_a_name"),
            models.UniqueConstraint(fields=["operation", "position"], name="one_step_at_a_position"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["heartbeat_at"], condition=~Q(owner=""), name="steps_with_an_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.operation}"
