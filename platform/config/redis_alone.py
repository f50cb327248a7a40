"""Imports redis-py without the metrics of OpenTelemetry, which it loads wherever that is installed.

That costs each process 0.1 s and 3 MB (measured), and nothing here asks for those metrics. Called by the package
itself, since whoever comes first decides.
"""

import importlib
import sys


def import_redis() -> None:
    """Import it, as if OpenTelemetry weren't there. A process that records traces has it in memory already."""
    if "redis" in sys.modules or "opentelemetry" in sys.modules:
        return
    # Python's own way to say that a module can't be imported.
    sys.modules["opentelemetry"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("redis.asyncio")
    finally:
        del sys.modules["opentelemetry"]
