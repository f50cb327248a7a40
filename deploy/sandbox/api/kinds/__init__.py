"""The rules of the built-in kinds."""

from ..resources import Resource
from .kind import Kind

PLAIN = Kind()
_KINDS: dict[str, Kind] = {}


def kind_of(resource: Resource) -> Kind:
    """The rules of a built-in resource."""
    return _KINDS.get(resource.key, PLAIN)
