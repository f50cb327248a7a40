"""Stands for `python` in the sandbox's pods of the platform: the same words, on a machine that the pods share.

A container has addresses and names of its own. Here `0.0.0.0` becomes the pod's address (SANDBOX_LISTEN), and the names
of Services in the URLs of database and Redis become the Services' addresses, from the file that the sandbox keeps
(STOREPLANE_SANDBOX_HOSTS): there is no DNS server that Python could ask.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

ANYWHERE = "0.0.0.0"  # noqa: S104 - only looked for
DOMAIN = "svc.cluster.local"
URLS = ("DATABASE_URL", "REDIS_URL")


def known_hosts(file: Path) -> dict[str, str]:
    """Name → address, as in /etc/hosts."""
    found: dict[str, str] = {}
    for line in file.read_text().splitlines() if file.is_file() else ():
        address, *names = line.partition("#")[0].split() or [""]
        found.update(dict.fromkeys(names, address))
    return found


def resolved(url: str, hosts: dict[str, str], namespace: str) -> str:
    """The URL with the address of its host, if that is known: by the name as it is, or as one of the namespace."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    address = next((hosts[full] for full in (name, f"{name}.{namespace}.{DOMAIN}") if full in hosts), None)
    if address is None:
        return url
    before, at, host = parts.netloc.rpartition("@")
    _, colon, port = host.partition(":")
    return parts._replace(netloc=f"{before}{at}{address}{colon}{port}").geturl()


def main() -> None:
    """Become Python with those words."""
    hosts = known_hosts(Path(os.environ.get("STOREPLANE_SANDBOX_HOSTS", "")))
    namespace = os.environ.get("STOREPLANE_SANDBOX_NAMESPACE", "")
    for name in URLS:
        if os.environ.get(name):
            os.environ[name] = resolved(os.environ[name], hosts, namespace)
    listen = os.environ.get("SANDBOX_LISTEN", ANYWHERE)
    words = [listen if word == ANYWHERE else word for word in sys.argv[1:]]
    os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - the point of it


if __name__ == "__main__":
    main()
