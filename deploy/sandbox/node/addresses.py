"""Loopback addresses for pods: each sandbox of a machine has a block of its own."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import zlib
from pathlib import Path

# 127.0/16 belongs to everyone.
FIRST_BLOCK, LAST_BLOCK = 16, 239
# Whoever listens here owns the block; a port that ordinary users may bind.
OWNER_PORT = 10250


class NoAddressError(Exception):
    """No block or no address is left."""


class Block:
    """127.X.0.0/16 for one sandbox, held by a listening socket as long as the process lives.

    The lower half is for pods, the upper one for Services.
    """

    def __init__(self, number: int, owner: socket.socket) -> None:
        self.number = number
        self._owner = owner

    @property
    def node_ip(self) -> str:
        """The address of the node itself."""
        return f"127.{self.number}.0.1"

    @property
    def service_cidr(self) -> str:
        """Where the addresses of Services come from."""
        return f"127.{self.number}.128.0/17"

    def close(self) -> None:
        """Give the block back."""
        self._owner.close()


def claim_block(state: Path) -> Block:
    """Take the block this state had last time, or else a free one; raises NoAddressError.

    The search begins at a place that depends on the state's path, so that two sandboxes that run by turns keep apart:
    the addresses of Services can't change later.
    """
    file = state / "addresses.json"
    numbers = list(range(FIRST_BLOCK, LAST_BLOCK + 1))
    start = zlib.crc32(str(state).encode()) % len(numbers)
    preferred = numbers[start:] + numbers[:start]
    with contextlib.suppress(OSError, ValueError, KeyError):
        preferred.insert(0, int(json.loads(file.read_text())["block"]))
    for number in preferred:
        owner = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            owner.bind((f"127.{number}.0.1", OWNER_PORT))
            owner.listen(1)
        except OSError:
            owner.close()
            continue
        file.write_text(json.dumps({"block": number}))
        return Block(number, owner)
    raise NoAddressError("no free block of loopback addresses from 127.16.0.0 to 127.239.255.255")


class PodAddresses:
    """Addresses of pods within a block, by pod uid."""

    def __init__(self, block: int) -> None:
        self._base = int(ipaddress.IPv4Address(f"127.{block}.1.0"))
        self._size = 127 * 256
        self._next = 0
        self._by_uid: dict[str, str] = {}
        self._used: set[str] = set()

    def take(self, uid: str, wanted: str = "") -> str:
        """The pod's address: what it has, else `wanted` if that is in the block and free, else the next free one.

        Addresses are handed out in a circle, so that a new pod doesn't get the address of one that just left.
        """
        if uid in self._by_uid:
            return self._by_uid[uid]
        if wanted and wanted not in self._used and self._contains(wanted):
            return self._give(uid, wanted)
        for _ in range(self._size):
            number, self._next = self._base + self._next, (self._next + 1) % self._size
            address = str(ipaddress.IPv4Address(number))
            if number % 256 not in {0, 255} and address not in self._used:
                return self._give(uid, address)
        raise NoAddressError("all loopback addresses of this sandbox are in use")

    def free(self, uid: str) -> None:
        """Give the address back."""
        self._used.discard(self._by_uid.pop(uid, ""))

    def _give(self, uid: str, address: str) -> str:
        self._by_uid[uid] = address
        self._used.add(address)
        return address

    def _contains(self, address: str) -> bool:
        try:
            number = int(ipaddress.IPv4Address(address))
        except ValueError:
            return False
        return self._base <= number < self._base + self._size
