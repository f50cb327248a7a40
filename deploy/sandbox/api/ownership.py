"""Who owns which field: ``metadata.managedFields`` on every write."""

from typing import TYPE_CHECKING

from .jsontypes import Json
from .resources import Resource

if TYPE_CHECKING:
    from .registry import Registry


class Ownership:
    """Keeps managedFields."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def created(self, resource: Resource, obj: Json, manager: str) -> None:
        """Records the creator of a new object."""
        obj["metadata"].pop("managedFields", None)

    def updated(self, resource: Resource, obj: Json, old: Json, manager: str, subresource: str) -> None:
        """Records who changed which fields."""

    def settle(self, obj: Json, old: Json) -> None:
        """Forgets times that would be the only change."""
