"""Work on the database while a browser is open: Playwright keeps an event loop on the test's own thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def elsewhere(work: Callable[[], Result]) -> Result:
    """Do the work on a thread of its own and hand back what it returns or raises; its connection is closed after."""

    def alone() -> Result:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(alone).result()
