"""Events that are older than an hour go, as kube-apiserver lets them go."""

from __future__ import annotations

import asyncio
import logging

from sandbox.api.errors import ApiError
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import key_of, seconds_since

log = logging.getLogger("sandbox.controllers")

# kube-apiserver's --event-ttl.
EVENT_TTL_SECONDS = 3600.0


async def expire_events(cluster: Cluster, *, every_seconds: float = 600.0) -> None:
    """Look now and then, for ever."""
    while True:
        await asyncio.sleep(every_seconds)
        await expire_events_once(cluster)


async def expire_events_once(cluster: Cluster) -> None:
    """Delete what is too old."""
    resource = cluster.registry.resource("events")
    for event in cluster.registry.list(resource)["items"]:
        seen = event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
        if seconds_since(seen) > EVENT_TTL_SECONDS:
            try:
                cluster.registry.delete(resource, *key_of(event))
            except ApiError as error:
                log.debug("event %s stays: %s", event["metadata"]["name"], error)
            await asyncio.sleep(0)
