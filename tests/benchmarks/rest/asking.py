"""Requests one after the other on a kept connection, as a browser or a program makes them, each with its time."""

import http.client
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

USER = "reader"
TIMEOUT_SECONDS = 60.0
_HEADERS = {"X-User-Id": USER, "Accept": "application/json"}


def ask(port: int, paths: Sequence[str]) -> tuple[list[float], int]:
    """Milliseconds of each, and the bytes of the last answer's body. Every answer must be a success."""
    spent, size = [], 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        for path in paths:
            begun = time.perf_counter()
            connection.request("GET", path, headers=_HEADERS)
            answer = connection.getresponse()
            size = len(answer.read())
            spent.append((time.perf_counter() - begun) * 1000)
            assert answer.status == http.client.OK, f"{path} answered {answer.status}"
    finally:
        connection.close()
    return spent, size


def ask_together(port: int, paths: Sequence[str], clients: int) -> tuple[list[float], float]:
    """Milliseconds of each, shared out among so many clients, and the seconds of all."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        parts = list(threads.map(lambda first: ask(port, paths[first::clients])[0], range(clients)))
    return [each for part in parts for each in part], time.perf_counter() - begun
