"""The Medusa image's own fixtures: a built image, a PostgreSQL server, stores on it."""

from tests.images.medusa.conftest import image, new_store, postgres, store

__all__ = ["image", "new_store", "postgres", "store"]
