"""People, tenants, tokens and the audit for the operator; importing registers the pages."""

from tenants.admin import log, people, tokens

__all__ = ["log", "people", "tokens"]
