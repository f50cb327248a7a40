"""Who is at the other end of the connection: a listed proxy, or anyone."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings

from config.networks import Network, contains, parse_networks


def is_trusted_proxy(peer: str, forwarded_for: str) -> bool:
    """Whether the peer may say who the user is.

    uvicorn can replace the peer's address by one from X-Forwarded-For, and then anybody could claim a proxy's. So an
    address that also stands in that header isn't believed, unless it is a loopback one: uvicorn takes those only from
    loopback peers (and `config.apps` refuses the setting that would change this).
    """
    if not contains(_trusted(), peer):
        return False
    return peer not in _hosts(forwarded_for) or ip_address(peer).is_loopback


def client_address(peer: str, forwarded_for: str) -> str | None:
    """The caller's own address for the audit: the last one in the chain that isn't a proxy of ours."""
    chain = [*_hosts(forwarded_for), peer] if contains(_trusted(), peer) else [peer]
    for address in reversed(chain):
        if _is_address(address) and not contains(_trusted(), address):
            return address
    return chain[0] if _is_address(chain[0]) else None


def _hosts(forwarded_for: str) -> Sequence[str]:
    """Addresses of the header without ports and brackets."""
    return [_without_port(part.strip()) for part in forwarded_for.split(",") if part.strip()]


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _trusted() -> Sequence[Network]:
    return _parsed(tuple(settings.STOREPLANE_TRUSTED_PROXIES))


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> Sequence[Network]:
    return tuple(parse_networks(entries))
