"""Stores, their conditions, and the log of what happened to them."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from stores import ignoring
from stores.choices import ConditionStatus, ConditionType, DriftPolicy, EventType, Origin, Phase
from stores.engines import ENGINE_CHOICES
from tenants.models import Tenant
from tenants.plans import DEFAULT_PLAN, PLAN_CHOICES


class StoreQuerySet(models.QuerySet["Store"]):
    """Stores by where they stand in life."""

    def not_gone(self) -> "StoreQuerySet":
        """All that still have something in the cluster or are to get it: what quota counts."""
        return self.filter(deleted_at__isnull=True)

    def by_name(self, name: str) -> "Store | None":
        """The living store of that name, or else the one that is on its way out."""
        return self.not_gone().filter(name=name).order_by(F("deletion_requested_at").asc(nulls_first=True)).first()


class Store(models.Model):
    """One store as it was asked for, with a summary of how it stands.

    `phase`, `message` and the conditions are written by `stores.changes` alone. A row outlives its store: once
    `deleted_at` is set it is a tombstone for the audit.
    """

    name = models.CharField(max_length=40)
    display_name = models.CharField(max_length=200, blank=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="stores")
    engine = models.CharField(max_length=20, choices=ENGINE_CHOICES, default="medusa")
    plan = models.CharField(max_length=20, choices=PLAN_CHOICES, default=DEFAULT_PLAN)
    volume_size = models.CharField(
        max_length=20,
        blank=True,
        help_text="Of the database's volume, as the plan at the birth said; a claim's size can't be changed by Helm.",
    )
    drift_policy = models.CharField(max_length=10, choices=DriftPolicy.choices, default=DriftPolicy.HEAL)
    suspended = models.BooleanField(default=False)
    deletion_protection = models.BooleanField(default=False)
    generation = models.PositiveBigIntegerField(default=1)
    observed_generation = models.PositiveBigIntegerField(default=0)
    spec_changed_at = models.DateTimeField(
        default=timezone.now, help_text="When the last wish was granted; the later of two wishes wins."
    )
    phase = models.CharField(max_length=20, choices=Phase.choices, default=Phase.PENDING)
    message = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=200, blank=True)
    keyed_wish = models.JSONField(
        null=True, blank=True, help_text="What was asked for under the key: a repeated request asks for the same."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    deletion_requested_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            # A name is free again as soon as its store is asked to go; the successor waits in the queue.
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(deletion_requested_at__isnull=True),
                name="one_living_store_of_a_name",
            ),
            models.UniqueConstraint(
                fields=["tenant", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_store_for_an_idempotency_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "deleted_at", "name"], name="stores_of_a_tenant"),
            models.Index(fields=["phase"], condition=Q(deleted_at__isnull=True), name="stores_by_phase"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace that is this store's alone."""
        return f"store-{self.name}"

    @property
    def host(self) -> str:
        """The host name that the Ingress routes."""
        return f"{self.name}.{settings.STOREPLANE_DOMAIN}"

    @property
    def url(self) -> str:
        """The shop's origin, which is also the backend's."""
        port = settings.STOREPLANE_STORE_PORT
        default = {"http": 80, "https": 443}[settings.STOREPLANE_STORE_SCHEME]
        suffix = "" if port == default else f":{port}"
        return f"{settings.STOREPLANE_STORE_SCHEME}://{self.host}{suffix}"

    @property
    def admin_url(self) -> str:
        """Where the shop's own people log in."""
        return f"{self.url}/app"

    @property
    def label(self) -> str:
        """What a person calls the store."""
        return self.display_name or self.name


class Condition(models.Model):
    """One condition by the Kubernetes convention (API conventions, "Typical status properties")."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="conditions")
    type = models.CharField(max_length=30, choices=ConditionType.choices)
    status = models.CharField(max_length=10, choices=ConditionStatus.choices, default=ConditionStatus.UNKNOWN)
    reason = models.CharField(max_length=60)
    message = models.TextField(blank=True)
    last_transition_time = models.DateTimeField()
    observed_generation = models.PositiveBigIntegerField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "type"], name="one_condition_of_a_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type}={self.status}"

    def become(self, status: str, reason: str, message: str, generation: int, now: datetime) -> bool:
        """Take the new values; true when anything changed. The transition time moves only with `status`."""
        new = (status, reason, message, generation)
        if new == (self.status, self.reason, self.message, self.observed_generation):
            return False
        if status != self.status or self.last_transition_time is None:
            self.last_transition_time = now
        self.status, self.reason, self.message, self.observed_generation = new
        return True


class StoreEvent(models.Model):
    """One line of a store's history. Ids grow in the order of commits (`stores.changes` sees to it)."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="events")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=30, choices=EventType.choices)
    message = models.TextField()
    phase = models.CharField(max_length=20, choices=Phase.choices)
    step = models.CharField(max_length=30, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, blank=True)
    timestamp = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["store", "-id"], name="events_of_a_store"),
            models.Index(fields=["tenant", "id"], name="events_of_a_tenant"),
            models.Index(fields=["id"], condition=Q(published_at__isnull=True), name="events_to_publish"),
            models.Index(fields=["request_id"], condition=~Q(request_id=""), name="events_of_a_request"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.store_id}"


class DriftRule(models.Model):
    """Differences that nobody wants to hear of or have healed: in one store, or without a store in all of them.

    An empty field matches anything, `name` is a pattern as a shell's, `pointer` (RFC 6901) means itself and all below.
    A store's own rules in the order of their keys are `spec.ignoreDifferences` of its resource.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, null=True, blank=True, related_name="drift_rules")
    kind = models.CharField(max_length=63, blank=True, help_text="Of the object, such as Deployment.")
    name = models.CharField(max_length=253, blank=True, help_text="Of the object; a pattern with * ? and [abc].")
    pointer = models.CharField(
        max_length=512, blank=True, help_text="JSON pointer to a field and all below it, such as /spec/replicas."
    )
    manager = models.CharField(
        max_length=128, blank=True, help_text="Field manager that set the field, such as kube-controller-manager."
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why this is fine, for whoever reads it later.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(kind="", name="", pointer="", manager=""), name="a_drift_rule_names_something"
            ),
            models.UniqueConstraint(
                fields=["store", "kind", "name", "pointer", "manager"], name="one_drift_rule_of_its_kind"
            ),
            # To a database no NULL equals another.
            models.UniqueConstraint(
                fields=["kind", "name", "pointer", "manager"],
                condition=Q(store__isnull=True),
                name="one_drift_rule_of_the_platform",
            ),
        ]

    def __str__(self) -> str:
        return ignoring.as_text({field: getattr(self, field) for field in ignoring.FIELDS})
