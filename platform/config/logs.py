"""Logging: structlog and the standard library through one formatter, as lines for a person or as JSON.

The request id is bound by `config.request_id`, so every line written during a request carries it. Nothing here masks
secrets, because none may reach a log call in the first place; the last processor only catches slips by name.
"""

import logging
import logging.config
from collections.abc import MutableMapping
from typing import Any

import structlog

FORMATS = ("console", "json")
_SECRET_WORDS = ("password", "secret", "authorization", "cookie", "publishable_key", "token")


def logging_config(format_: str) -> dict[str, Any]:
    """Configure structlog and return the `LOGGING` dictionary. Raises ValueError for an unknown format."""
    if format_ not in FORMATS:
        raise ValueError(f"STOREPLANE_LOG_FORMAT is '{format_}'; use one of {', '.join(FORMATS)}.")
    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return _dict_config(format_, shared)


def apply_logging(config: dict[str, Any]) -> None:
    """Hand the dictionary to the standard library; `LOGGING_CONFIG` names this function."""
    logging.config.dictConfig(config)
    logging.captureWarnings(True)


def _dict_config(format_: str, shared: list[Any]) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_last_processors(format_),
                ],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # uvicorn brings handlers of its own; its lines go our way, and its access log is ours (config.request_id).
            "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "uvicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
            "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": False},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Answers of 4xx are said once, with the status, by config.request_id.
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
            "django.channels.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]


def _last_processors(format_: str) -> list[Any]:
    if format_ == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # The default formatter prints the local variables of every frame, and a secret could be one of them.
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of fields that are named like a secret."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "(hidden)"
    return event
