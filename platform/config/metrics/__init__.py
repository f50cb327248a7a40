"""`/metrics`: what is told, from the database and from all processes, and to whom (docs/adr/0013)."""
