"""Refusals of the services of stores."""

from typing import ClassVar

from config.refusals import Conflict, Invalid, Refused

__all__ = [
    "ClusterUnavailable",
    "Conflict",
    "InvalidStore",
    "KeyUsed",
    "NameTaken",
    "NoCredentials",
    "QueueFull",
    "QuotaExceeded",
    "Refused",
]


class InvalidStore(Invalid):
    """A value of the wished store can't be used; `field` names it."""


class NameTaken(Refused):
    """Another store has the name, or the caller's own with another spec."""

    reason = "name-taken"
    status = 409


class QuotaExceeded(Refused):
    """The tenant has as many stores as its plan allows."""

    reason = "quota-exceeded"
    status = 403


class QueueFull(Refused):
    """Too many stores wait already; try again after `retry_after` seconds."""

    reason = "queue-full"
    status = 503
    retry_after: ClassVar[int] = 30


class KeyUsed(Refused):
    """The Idempotency-Key belongs to another request, or to one whose store is gone."""

    reason = "idempotency-key-used"
    status = 409


class NoCredentials(Refused):
    """The store has no credentials yet, or no longer."""

    reason = "credentials-not-ready"
    status = 409


class ClusterUnavailable(Refused):
    """The cluster can't answer just now; try again after `retry_after` seconds."""

    reason = "cluster-unavailable"
    status = 503
    retry_after: ClassVar[int] = 5
