"""What services say when a wish can't be granted: one sentence for a person and a stable `reason` for a program."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refused(Exception):
    """The wish can't be granted; `reason` becomes the `type` of the API's problem document, `extra` its members.

    `field` names the value of the request that is to blame, if one is.
    """

    reason: ClassVar[str] = "refused"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, field: str = "", **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.extra: Mapping[str, Any] = extra


class Invalid(Refused):
    """A value of the request can't be used."""

    reason = "invalid"


class Conflict(Refused):
    """Things stand so that this can't be done now."""

    reason = "conflict"
    status = 409
