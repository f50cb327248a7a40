"""Is an object still what was asked for? Pure, from two manifests to a list of differences.

Only what the wanted manifest says is compared. What an API server adds by itself, what it writes in another way, and
what somebody else added beside ours (a label, a sidecar, a variable) is no difference; an item more in a list that
Kubernetes treats as one value (the rules of a NetworkPolicy) is.
"""

from provisioner.drift.compare.differing import HIDDEN, LOST, Difference, differences, differs, value_at
from provisioner.drift.compare.fields import managers_of, scaled_by
from provisioner.drift.compare.shape import completed, displaced, leaving, redacted

__all__ = [
    "HIDDEN",
    "LOST",
    "Difference",
    "completed",
    "differences",
    "differs",
    "displaced",
    "leaving",
    "managers_of",
    "redacted",
    "scaled_by",
    "value_at",
]
