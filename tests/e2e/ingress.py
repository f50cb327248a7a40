"""Where the stores of this run are reached.

By `STOREPLANE_E2E_INGRESS` if that is given; else at the usual place (this machine for `*.localhost`, the host itself
for any other name); and on a real cluster where nothing there serves the run's first store, by the detour of
`tests/detour`.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx

from tests.detour.server import Detour

PROBE_SECONDS = 30.0
"""An ingress controller may learn of a Ready store a moment later."""
_PAGES = ("/", "/health")
_HEALTHY = "OK"


class Ingress:
    """One choice, made when the first Ready store is asked for and kept for the run."""

    def __init__(self, environment: Mapping[str, str], *, probe_seconds: float = PROBE_SECONDS) -> None:
        self._given = environment.get("STOREPLANE_E2E_INGRESS")
        self._settled = bool(self._given) or not _is_real(environment)
        self._probe_seconds = probe_seconds
        self._detour: Detour | None = None
        self.say: Callable[[str], None] = lambda line: None

    @property
    def needs_a_store(self) -> bool:
        """Whether nobody can tell yet: a browser, which is told at its start, must not be started before."""
        return not self._settled

    @property
    def everywhere(self) -> str | None:
        """The one place where all stores are, if their names don't lead there."""
        return self._detour.place if self._detour else self._given

    def place(self, origin: str) -> str:
        """Host and port to connect to. The first time the store must be Ready."""
        parts = urlsplit(origin)
        if not self._settled:
            self._settle(parts)
        return self.everywhere or usual_place(parts)

    def close(self) -> None:
        """End what was started."""
        if self._detour is not None:
            self._detour.close()

    def _settle(self, origin: SplitResult) -> None:
        place, served = usual_place(origin), self._is_served(origin)
        # The detour has no certificate that a browser would take.
        if not served and origin.scheme == "http":
            self._detour = Detour()
            self._detour.start()
            self.say(f"Stores are reached by port-forward: nothing at {place} serves {origin.hostname}.")
        else:
            self.say(f"Stores are reached at {place}.")
        self._settled = True

    def _is_served(self, origin: SplitResult) -> bool:
        deadline = time.monotonic() + self._probe_seconds
        while not _serves(usual_place(origin), origin):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)
        return True


def usual_place(origin: SplitResult) -> str:
    """Python asks the machine's resolver, which often doesn't know `*.localhost` (RFC 6761 says it is loopback)."""
    if (origin.hostname or "").endswith(".localhost"):
        return f"127.0.0.1:{origin.port or 80}"
    return origin.netloc


def _is_real(environment: Mapping[str, str]) -> bool:
    """Whether the cluster is one that was handed in: the sandbox's kubeconfig lies in the launcher's home."""
    kubeconfig, home = environment.get("KUBECONFIG"), environment.get("STOREPLANE_HOME")
    return bool(kubeconfig) and not (home and Path(home).resolve() in Path(str(kubeconfig)).resolve().parents)


def _serves(place: str, origin: SplitResult) -> bool:
    """Shop and backend, in Medusa's own words: another server at that place may answer everything with a page."""
    try:
        pages = [
            httpx.get(f"{origin.scheme}://{place}{path}", headers={"Host": origin.netloc}, timeout=5, trust_env=False)
            for path in _PAGES
        ]
    except httpx.TransportError:
        return False
    return all(page.status_code == httpx.codes.OK for page in pages) and pages[-1].text == _HEALTHY


INGRESS = Ingress(os.environ)
