"""Refusals of the services: each one sentence for a person and a stable `reason` for a program."""

from typing import ClassVar


class Refused(Exception):
    """The wish can't be granted; `reason` becomes the `type` of the API's problem document."""

    reason: ClassVar[str] = "refused"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


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
