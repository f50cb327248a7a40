"""Who may read metrics, from the web process and from a worker's port alike."""

import hmac

from django.conf import settings

CHALLENGE = 'Bearer realm="metrics"'
REFUSAL = "Send the token of STOREPLANE_METRICS_TOKEN as 'Authorization: Bearer …'."


def may_read(authorization: str) -> bool:
    """Whether the header's value allows a scrape; compared in a time that tells nothing of where they differ."""
    token = settings.STOREPLANE_METRICS_TOKEN
    if not token:
        return True
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"
