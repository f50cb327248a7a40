"""What accompanies a write: the query parameters of a request, or their like in-process."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .jsontypes import Json
from .resources import Resource

Review = Callable[[Json, Json | None], None]
"""Looks at a new state and the old one (None at birth) before it is stored, and raises ApiError to refuse it."""


@dataclass(frozen=True)
class WriteOptions:
    """How a write is meant."""

    dry_run: bool = False
    manager: str = ""
    field_validation: str = "Ignore"  # Ignore, Warn or Strict
    force: bool = False
    warnings: list[str] = field(default_factory=list)
    review: Review | None = None


@dataclass(frozen=True)
class Target:
    """The address of one object, or of a subresource of it."""

    resource: Resource
    namespace: str | None
    name: str
    subresource: str = ""


@dataclass(frozen=True)
class LogOptions:
    """Which part of a container's log is wanted."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    since_time: str = ""
    limit_bytes: int | None = None
