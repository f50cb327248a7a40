"""The printers of the built-in kinds."""

from .column import Printer
from .core import CORE
from .network import NETWORK
from .others import OTHERS
from .pods import PODS
from .workloads import WORKLOADS

PRINTERS: dict[str, Printer] = PODS | WORKLOADS | CORE | NETWORK | OTHERS
