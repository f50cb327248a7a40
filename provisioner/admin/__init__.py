"""The work, what has drifted, and what was left behind, for the operator; importing registers the pages."""

from provisioner.admin import findings, operations, orphans

__all__ = ["findings", "operations", "orphans"]
