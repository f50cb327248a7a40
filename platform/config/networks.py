"""Lists of networks, as settings give them."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


class InvalidNetwork(ValueError):
    """One entry isn't an address or a CIDR range; `str()` of it is the entry."""


def parse_networks(entries: Iterable[str]) -> list[Network]:
    """Networks from addresses and CIDR ranges; empty entries are skipped. Raises InvalidNetwork."""
    networks: list[Network] = []
    for entry in entries:
        text = entry.strip()
        if not text:
            continue
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError:
            raise InvalidNetwork(text) from None
    return networks


def contains(networks: Iterable[Network], address: str) -> bool:
    """Whether the address (as text; anything else is in no network) lies in one of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
