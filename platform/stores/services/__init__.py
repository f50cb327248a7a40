"""The verbs of a store. Views, admin actions, commands and the mirror call these and nothing below them."""

from stores.services.changing import CHANGEABLE, change_store
from stores.services.creation import Created, StoreSpec, create_store
from stores.services.ignoring import add_rule, remove_rule, replace_rules
from stores.services.rebuilding import rebuild_store
from stores.services.removal import request_teardown
from stores.services.work import reconcile, resume, retry, suspend

__all__ = [
    "CHANGEABLE",
    "Created",
    "StoreSpec",
    "add_rule",
    "change_store",
    "create_store",
    "rebuild_store",
    "reconcile",
    "remove_rule",
    "replace_rules",
    "request_teardown",
    "resume",
    "retry",
    "suspend",
]
