"""The rules of the built-in kinds."""

from ..resources import Resource
from .access import ACCESS
from .core import CORE
from .kind import Kind
from .network import NETWORK
from .others import OTHERS
from .workloads import WORKLOADS

PLAIN = Kind()
_KINDS: dict[str, Kind] = CORE | WORKLOADS | NETWORK | ACCESS | OTHERS


def kind_of(resource: Resource) -> Kind:
    """The rules of a built-in resource."""
    return _KINDS.get(resource.key, PLAIN)
