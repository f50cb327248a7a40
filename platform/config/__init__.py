"""The Django project: settings, URLs, ASGI, the Celery app and its schedule."""

from config.redis_alone import import_redis

import_redis()

from config.celery import app as celery_app  # noqa: E402 - Celery imports redis too

__all__ = ["celery_app"]
