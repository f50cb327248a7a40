"""Schemas: one way to walk the built-in kinds and the custom ones."""
