"""A single-process stand-in for the Kubernetes API server: objects in SQLite, rules as the real one has them."""
