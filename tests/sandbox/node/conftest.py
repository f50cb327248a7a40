"""The running plane that these tests use."""

from tests.sandbox.world import world

__all__ = ["world"]
