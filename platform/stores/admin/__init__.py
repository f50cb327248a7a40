"""Stores and their events for the operator: all can be read, and changed only through the services of the API."""

from stores.admin.events import StoreEventAdmin
from stores.admin.rules import DriftRuleAdmin
from stores.admin.store import StoreAdmin

__all__ = ["DriftRuleAdmin", "StoreAdmin", "StoreEventAdmin"]
