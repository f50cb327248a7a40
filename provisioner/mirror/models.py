"""What was last written to a store's mirror, so that an unchanged one costs no request."""

from django.db import models

from stores.models import Store


class Mirror(models.Model):
    """Digests of the spec and the status that the cluster has."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="mirror", primary_key=True)
    spec_digest = models.CharField(max_length=64, blank=True)
    status_digest = models.CharField(max_length=64, blank=True)
    uid = models.CharField(max_length=64, blank=True)
    generation = models.PositiveBigIntegerField(default=1)
    written_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"mirror of {self.store}"
