"""How a process shows that it serves: by an answer over HTTP, an open port, or an address that it knows."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable

from tests.cluster.places import DNS_PORT, GATEWAY


def answers(url: str) -> Callable[[], bool]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def look() -> bool:
        try:
            with opener.open(url, timeout=2):
                return True
        except OSError:
            return False

    return look


def listens(address: str, port: int) -> Callable[[], bool]:
    def look() -> bool:
        try:
            with socket.create_connection((address, port), timeout=2):
                return True
        except OSError:
            return False

    return look


def answers_dns() -> bool:
    """Whether it knows the address of the API itself."""
    labels = b"".join(bytes([len(each)]) + each for each in b"kubernetes.default.svc.cluster.local".split(b"."))
    query = b"\0\1\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(2)
        try:
            asker.connect((GATEWAY, DNS_PORT))  # so that a port without a server is told at once
            asker.send(query)
            return asker.recv(512)[7] == 1
        except OSError:
            return False
