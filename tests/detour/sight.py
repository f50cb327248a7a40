"""What kubectl shows of the stores' Ingresses, Services and pods, asked at most twice a second."""

from __future__ import annotations

import asyncio
import json
import time

from tests.detour.endpoints import Endpoints

FRESH_SECONDS = 0.5
"""A pod that is to go serves for some seconds more (`drainSeconds`), and controllers learn of it no sooner."""
_KINDS = "ingresses.networking.k8s.io,services,pods"
_OURS = "app.kubernetes.io/part-of=storeplane"


class SightError(Exception):
    """kubectl's own words."""


class Sight:
    """Looks when it is asked and what it knows is old; all who ask meanwhile get the same."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._seen_at = float("-inf")
        self._seen = Endpoints([])

    async def endpoints(self) -> Endpoints:
        """Raises SightError when kubectl can't tell."""
        async with self._lock:
            begun = time.monotonic()
            if begun - self._seen_at > FRESH_SECONDS:
                self._seen = Endpoints(await _objects())
                self._seen_at = begun
            return self._seen


async def _objects() -> list[dict[str, object]]:
    pipe = asyncio.subprocess.PIPE
    words = ["get", _KINDS, "--all-namespaces", "--selector", _OURS, "--output", "json"]
    process = await asyncio.create_subprocess_exec(
        "kubectl", *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        output, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.communicate()
        raise
    if process.returncode != 0:
        raise SightError(complaint.decode(errors="replace").strip())
    return list(json.loads(output)["items"])
