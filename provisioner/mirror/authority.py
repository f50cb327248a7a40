"""For which tenants `Store` resources may speak (docs/adr/0011)."""

from django.conf import settings


def may_speak_for(slug: str) -> bool:
    """Whether a resource may make, change and remove stores of that tenant."""
    allowed = settings.STOREPLANE_RESOURCE_TENANTS
    return "*" in allowed or slug in allowed
