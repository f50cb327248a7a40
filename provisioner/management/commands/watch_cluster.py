"""`manage.py watch_cluster`: the watcher process."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from config.metrics import server
from provisioner.cluster import cluster
from provisioner.drift import watcher


class Command(BaseCommand):
    """Watch all stores' objects until told to stop."""

    help = "Watch the cluster and judge what happens to the stores' objects; ends on SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        server.serve()
        self.stdout.write("Watching the cluster.")
        watcher.run(cluster(), stop)
