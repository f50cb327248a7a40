"""Refusals of the services: each one sentence for a person and a stable `reason` for a program."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refused(Exception):
    """The wish can't be granted; `reason` becomes the `type` of the API's problem document, `extra` its members."""

    reason: ClassVar[str] = "refused"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, field: str = "", **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.extra: Mapping[str, Any] = extra


class InvalidStore(Refused):
    """A value of the request can't be used; `field` names it."""

    reason = "invalid"


class NameTaken(Refused):
    """Another store has the name, or the caller's own with another spec."""

    reason = "name-taken"
    status = 409


class Conflict(Refused):
    """The store is in a state in which this can't be done."""

    reason = "conflict"
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
