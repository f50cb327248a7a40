"""What the API's lists and single stores cost, with few stores and with many: `python -m tests.benchmarks.rest`.

The web server is uvicorn as in production, in a process of its own; PostgreSQL and Redis are the tests' own. Who asks
may see all of the stores. Asserts that the number of queries doesn't depend on the number of stores, and no time.
"""

import argparse
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django

from tests import plugin
from tests.services import start_postgres, start_redis


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(words)
    # So that what was started is ended then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Requests are counted, as always, and never refused.
    os.environ |= {"STOREPLANE_RATE_LIMIT_SCALE": "1000000", "DJANGO_SETTINGS_MODULE": "config.settings"}
    with _servers() as folder:
        django.setup()
        logging.disable(logging.INFO)
        # Only now: what it imports are models.
        from tests.benchmarks.rest.sizes import run

        print(run(options.stores, options.requests, options.clients, folder))


@contextmanager
def _servers() -> Iterator[Path]:
    """PostgreSQL and Redis where the environment says; a folder that is gone in the end."""
    started = []
    for own, name in ((plugin.OWN_POSTGRES, "postgres"), (plugin.OWN_REDIS, "redis")):
        assert own, "DATABASE_URL and REDIS_URL must not be set: all that is there would be removed"
        (plugin.FOLDER / name).mkdir()
    try:
        started.append(start_postgres(plugin.FOLDER / "postgres", plugin.FOLDER))
        started.append(start_redis(plugin.FOLDER / "redis", plugin.FOLDER / "redis.sock"))
        yield plugin.FOLDER
    finally:
        for server in started:
            server.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rest", description=__doc__)
    add = parser.add_argument
    add("--stores", type=int, nargs="+", default=[100, 10_000], metavar="N", help="sizes, in turns (100 10000)")
    add("--requests", type=int, default=300, metavar="N", help="of each sort, alone and again together (300)")
    add("--clients", type=int, default=4, metavar="N", help="that ask together (4)")
    return parser


if __name__ == "__main__":
    main()
