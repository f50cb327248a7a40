"""What each store is to consist of, and what was found otherwise."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from provisioner.operations.models import Operation
from stores.models import Store


class Desired(models.Model):
    """What a store's release, and the platform beside it, have put into the cluster: kept when it was deployed.

    `manifests` maps kind → name → manifest, so that one kind of many stores is read without the rest; of a Secret it
    holds the keys and no value. `release_uid` is the uid of Helm's record that they are from: a revision's number may
    come again after a release was made anew, a uid doesn't.
    """

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="desired")
    release_revision = models.PositiveIntegerField()
    release_uid = models.CharField(max_length=64)
    manifests = models.JSONField()
    written_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "desired states"

    def __str__(self) -> str:
        return f"revision {self.release_revision} of {self.store}"


class Verdict(models.TextChoices):
    """What can be wrong with an object. One that doesn't get ready is not drifted (`provisioner.drift.health`)."""

    MISSING = "missing", "Missing"
    CHANGED = "changed", "Changed"
    FOREIGN = "foreign", "Foreign"


DRIFT = (Verdict.MISSING, Verdict.CHANGED)
"""What is healed. An object that nobody asked for is only told of."""


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
