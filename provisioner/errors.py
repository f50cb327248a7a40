"""Every error that the work in a cluster can meet, sorted in this one place.

passing: the same action may succeed later; permanent: somebody must change something first; unknown: the rest.
"""

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from provisioner import cluster as kube
from provisioner import helm
from provisioner.operations.retries import ErrorKind, Failure

_PERMANENT: tuple[type[Exception], ...] = (
    kube.Invalid,
    kube.Forbidden,
    kube.Unconfigured,
    helm.ChartInvalid,
    helm.ClusterRefused,
)
_PASSING: tuple[type[Exception], ...] = (
    kube.Unavailable,
    kube.Conflict,
    kube.AlreadyExists,
    kube.Expired,
    kube.Terminating,
    kube.NotFound,
    OperationalError,
    InterfaceError,
    SoftTimeLimitExceeded,
)


QUOTA = kube.QuotaExceeded.__name__
"""The reason of a failure for lack of room in the namespace, whether the API server said so to us or to Helm."""


def sort(error: Exception) -> Failure:
    """The error's kind, its reason (CamelCase, stable) and one sentence without a secret in it."""
    reason = type(error).__name__
    if isinstance(error, kube.Throttled):
        return Failure(ErrorKind.PASSING, reason, _sentence(error), retry_after=error.retry_after)
    if isinstance(error, _PASSING) or (isinstance(error, helm.HelmError) and error.passing):
        return Failure(ErrorKind.PASSING, reason, _sentence(error))
    # A role that is missing may be one that an API server has yet to read: its restart must not fail a store.
    if isinstance(error, _PERMANENT) and not isinstance(error, kube.AccessDenied):
        return Failure(ErrorKind.PERMANENT, reason, _sentence(error))
    return Failure(ErrorKind.UNKNOWN, reason, _sentence(error))


def _sentence(error: Exception) -> str:
    """Our own errors carry a sentence meant for people; a foreign one may quote anything, so only its name is told."""
    if isinstance(error, kube.ClusterError | helm.HelmError):
        return str(error)
    if isinstance(error, SoftTimeLimitExceeded):
        return "The step took longer than a step may take."
    if isinstance(error, OperationalError | InterfaceError):
        return "The platform's database could not be reached."
    return f"An unexpected {type(error).__name__} stopped the step; the platform's log has the details."
