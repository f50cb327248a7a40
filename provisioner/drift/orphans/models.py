"""What the last sweep found."""

from typing import ClassVar

from django.db import models


class OrphanKind(models.TextChoices):
    """What can be left of a store; the words are Kubernetes' own where it has one."""

    NAMESPACE = "Namespace", "Namespace"
    CLAIM = "PersistentVolumeClaim", "Volume claim"
    VOLUME = "PersistentVolume", "Volume"
    SECRET = "Secret", "Copy of a Secret"
    RELEASE = "Release", "Helm release"
    REDIS_KEY = "RedisKey", "Redis key"
    STORE = "Store", "Store resource"


class Orphan(models.Model):
    """Something with no store behind it; the row goes when a sweep finds it gone, or a store of its name there.

    `uid` is Kubernetes' own, of a release that of its newest revision; a Redis key has none. `namespace` is of a volume
    that of the claim that it had.
    """

    kind = models.CharField(max_length=30, choices=OrphanKind.choices)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=300)
    uid = models.CharField(max_length=64, blank=True)
    why = models.TextField()
    seen_first = models.DateTimeField()
    seen_last = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["kind", "namespace", "name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "namespace", "name", "uid"], name="one_row_for_an_orphan"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
