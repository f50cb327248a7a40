"""The one door to the Kubernetes API: `cluster()` gives this process's client.

Raw JSON objects in and out, a timeout on every call, errors sorted once (`errors.py`), every request counted.
Only `transport.py` imports the official client.
"""

from __future__ import annotations

from functools import cache

from provisioner.cluster.errors import (
    AccessDenied,
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    QuotaExceeded,
    Terminating,
    Throttled,
    Unavailable,
    Unconfigured,
)
from provisioner.cluster.gateway import FIELD_MANAGER, Cluster, Listing, Predicate, Propagation
from provisioner.cluster.kinds import Kind, Manifest, kind_of
from provisioner.cluster.watching import WatchEvent


@cache
def cluster() -> Cluster:
    """The cluster that KUBECONFIG names, or the one this pod runs in; no request is made yet."""
    return Cluster()


__all__ = [
    "FIELD_MANAGER",
    "AccessDenied",
    "AlreadyExists",
    "Cluster",
    "ClusterError",
    "Conflict",
    "Expired",
    "Forbidden",
    "Invalid",
    "Kind",
    "Listing",
    "Manifest",
    "NotFound",
    "Predicate",
    "Propagation",
    "QuotaExceeded",
    "Terminating",
    "Throttled",
    "Unavailable",
    "Unconfigured",
    "WatchEvent",
    "cluster",
    "kind_of",
]
