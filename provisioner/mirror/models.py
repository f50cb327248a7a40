"""What was last seen of and written to a store's resource: the base of comparisons, and the lock of its writers."""

from django.db import models

from stores.models import Store


class Mirror(models.Model):
    """The resource of a store as this platform knows it.

    `spec` is what was last written: a field that differs from it in the cluster was changed by somebody else. `uid` is
    the resource's own, `wish_uid` that of the resource that the store was made from, until it was taken hold of (the
    finalizer is on it). `generation` is the last one whose wishes were judged, `resource_version` the last one seen;
    empty means that the next writer must look. `verdict` is what was said about the last wish, None when there was
    nothing to say. `written_at` is the record's `updated_at` as it was last written. `told` is the id of the newest
    StoreEvent that became an Event of Kubernetes.
    """

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="mirror", primary_key=True)
    spec = models.JSONField(null=True, blank=True)
    status_digest = models.CharField(max_length=64, blank=True)
    uid = models.CharField(max_length=64, blank=True, db_index=True)
    wish_uid = models.CharField(max_length=64, blank=True, db_index=True)
    generation = models.PositiveBigIntegerField(default=0)
    resource_version = models.CharField(max_length=64, blank=True)
    verdict = models.JSONField(null=True, blank=True)
    told = models.PositiveBigIntegerField(default=0)
    written_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"mirror of {self.store}"
