"""One Redis, four databases: broker, channel layer, streams, counted requests.

Each client spells a unix socket its own way.
"""

from urllib.parse import urlsplit


def with_database(url: str, database: int) -> str:
    """`url` (redis://, rediss:// or unix://) for redis-py, pointing at one database."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={database}"
    return parts._replace(path=f"/{database}").geturl()


def for_celery(url: str, database: int) -> str:
    """The same for kombu, which calls a unix socket `redis+socket` and a database `virtual_host`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={database}"
    return with_database(url, database)


def for_limits(url: str, database: int) -> str:
    """The same for limits, which calls a unix socket `redis+unix`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+unix://{parts.path}?db={database}"
    return with_database(url, database)
