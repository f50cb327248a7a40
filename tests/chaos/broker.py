"""A Redis of the rig's own, which can be killed, restarted and emptied, and this process made to speak to it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.test import override_settings

from config.celery import app
from config.redis_urls import for_celery, with_database
from sandbox.launcher.programs import redis_server
from stores.publish import streams
from tests import plugin
from tests.chaos.processes import MARK, Process
from tests.chaos.waiting import until


class Broker:
    """A Redis server on a unix socket, with an append-only file as in production."""

    def __init__(self, folder: Path, mark: str) -> None:
        self._data, self.socket = folder / "redis", plugin.FOLDER / f"{mark}.sock"
        self._data.mkdir()
        argv = [str(redis_server()), "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        argv += [
            "--appendonly",
            "yes",
            "--appendfsync",
            "no",
            "--dir",
            str(self._data),
            "--maxmemory-policy",
            "noeviction",
        ]
        env = {MARK: mark, "PATH": os.environ.get("PATH", os.defpath)}
        log = folder / "logs" / "redis.log"
        self.process = Process("redis", argv, env, log, "ready to accept connections")

    @property
    def url(self) -> str:
        """For REDIS_URL."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start()
        until(self.process.is_ready, lambda: f"Redis: {self.process.tail()}", seconds=30)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()

    def forget(self) -> None:
        """Lose what is on disk; only while it is down."""
        for entry in self._data.glob("appendonly*"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def client(self, database: int = 0) -> "redis.Redis":
        """A connection of the test's own: 0 is Celery's database, 2 that of the streams."""
        return redis.Redis.from_url(with_database(self.url, database), decode_responses=True)


@contextmanager
def spoken_to(url: str) -> Iterator[None]:
    """This process' own messages and events go to the Redis at `url`."""
    layer = {**settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [{"address": with_database(url, 1)}]}}
    ours = override_settings(
        REDIS_URL=url,
        REDIS_STREAMS_URL=with_database(url, 2),
        CHANNEL_LAYERS={"default": layer},
    )
    before = app.conf.broker_url
    with ours:
        _point(for_celery(url, 0))
        try:
            yield
        finally:
            _point(before)


def _point(broker_url: str) -> None:
    """Celery and redis-py keep pools, which know the old address."""
    app.conf.broker_url = broker_url
    # What Celery itself calls after a fork: its pools are made anew at the next use.
    app._after_fork()
    streams.cache_clear()
