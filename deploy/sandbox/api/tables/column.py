"""A column of a table, and the printer of a kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..jsontypes import Json

NAME_TEXT = "Name must be unique within a namespace."
AGE_TEXT = "CreationTimestamp is a timestamp representing the server time when this object was created."


@dataclass(frozen=True)
class Column:
    """What stands in ``columnDefinitions``; a priority above 0 shows only with ``-o wide``."""

    name: str
    type: str = "string"
    priority: int = 0
    format: str = ""
    description: str = ""

    def definition(self) -> Json:
        """The entry of ``columnDefinitions``."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


NAME = Column("Name", format="name", description=NAME_TEXT)
AGE = Column("Age", description=AGE_TEXT)
Row = Callable[[Json], list[Any]]


@dataclass(frozen=True)
class Printer:
    """How a kind is shown: its columns, and the cells of one object."""

    columns: tuple[Column, ...]
    row: Row


def columns(*names: str, wide: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """Columns by name; those of type integer are marked with a #, Name and Age have their own form."""
    return tuple(_column(name, 0) for name in names) + tuple(_column(name, 1) for name in wide)


def _column(name: str, priority: int) -> Column:
    known = {"Name": NAME, "Age": AGE}.get(name)
    if known is not None and priority == 0:
        return known
    return Column(name.lstrip("#"), "integer" if name.startswith("#") else "string", priority)
