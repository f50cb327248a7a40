"""Patches: JSON, JSON merge, strategic merge and server-side apply."""
