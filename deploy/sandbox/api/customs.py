"""Custom resources: what an installed definition says about its kind."""

from typing import TYPE_CHECKING

from .jsontypes import Json
from .resources import Resource
from .scale import ScalePaths
from .tables.column import Printer
from .tables.render import GENERIC

if TYPE_CHECKING:
    from .registry import Registry


class Customs:
    """Serves the kinds of installed definitions."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def printer(self, resource: Resource) -> Printer:
        """The columns of the definition."""
        return GENERIC

    def published_schema(self, resource: Resource) -> Json:
        """The schema as OpenAPI publishes it."""
        return {}

    def scale_paths(self, resource: Resource) -> ScalePaths:
        """Where replicas are kept."""
        return ScalePaths()

    def selectable(self, resource: Resource) -> tuple[str, ...]:
        """The paths of fields that field selectors may name."""
        return ()
