"""What was found otherwise in each store."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from provisioner.operations.models import Operation
from stores.models import Store


class Verdict(models.TextChoices):
    """What can be wrong with an object. One that is unhealthy is not drifted (`provisioner.drift.health`)."""

    MISSING = "missing", "Missing"
    CHANGED = "changed", "Changed"
    FOREIGN = "foreign", "Foreign"


class Finding(models.Model):
    """One object of a store that isn't as it was asked for, from its detection until it is again.

    `differences` are `{"path", "wanted", "found"}` with a JSON pointer each, values of Secrets hidden. `healed_by` is
    the operation that put it right; a finding that ended by itself, or by somebody's hand, has none.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=60)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    differences = models.JSONField(default=list)
    message = models.TextField()
    detected_at = models.DateTimeField()
    healed_at = models.DateTimeField(null=True, blank=True)
    healed_by = models.ForeignKey(Operation, on_delete=models.SET_NULL, null=True, blank=True, related_name="findings")

    class Meta:
        ordering: ClassVar = ["-detected_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store", "kind", "name"],
                condition=Q(healed_at__isnull=True),
                name="one_open_finding_of_an_object",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["store", "-detected_at"], name="findings_of_a_store")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.verdict}"
