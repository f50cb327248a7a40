"""Django finds an app's models here; each lives in the room it belongs to."""

from provisioner.drift.models import Desired, Finding
from provisioner.drift.orphans.models import Orphan
from provisioner.mirror.models import Mirror
from provisioner.operations.models import Operation, Step
from provisioner.operations.tallies import Tally

__all__ = ["Desired", "Finding", "Mirror", "Operation", "Orphan", "Step", "Tally"]
