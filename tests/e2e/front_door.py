"""The platform as its users reach it: HTTP, WebSocket, kubectl, and the launcher's own status command.

`STOREPLANE_E2E_URL` names the platform, `KUBECONFIG` its cluster and `STOREPLANE_HOME` the launcher's state;
`./storeplane test` sets them. For a platform that was started otherwise the last is not given, and the tests that kill
or read the launcher's own processes are skipped. Two more are given where the defaults don't fit:
`STOREPLANE_E2E_INGRESS` (host:port) says where a real cluster's ingress is reached (`ingress.py` tells what happens
without), and `STOREPLANE_CHROMIUM` names the browser.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import connect

from tests.e2e.ingress import INGRESS

ROOT = Path(__file__).resolve().parents[2]
USER = "e2e"
GENEROUS_SECONDS = 600.0

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class FrontDoor:
    """One caller at one platform."""

    url: str
    user: str = USER

    def client(self) -> httpx.Client:
        """An HTTP client that says who it is."""
        return httpx.Client(base_url=self.url, headers={"X-User-Id": self.user}, timeout=30)

    def call(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """One request to the API."""
        with self.client() as client:
            return client.request(method, path, json=body)

    def create(self, name: str, *, engine: str = "medusa", **more: str) -> Json:
        """Ask for a store and take the answer's body."""
        answer = self.call("POST", "/stores", {"name": name, "engine": engine, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def store(self, name: str) -> Json:
        """The store's detail page; an empty object once it is gone."""
        answer = self.call("GET", f"/stores/{name}")
        return dict(answer.json()) if answer.status_code == 200 else {}

    def phases(self) -> dict[str, str]:
        """All of the caller's stores and where they stand."""
        answer = self.call("GET", "/stores?page_size=200")
        assert answer.status_code == 200, answer.text
        return {store["name"]: store["phase"] for store in answer.json()["results"]}

    def wait_for_phase(self, name: str, phase: str) -> Json:
        """The store once it is in that phase; a store that failed meanwhile fails the test with its own words.

        Ready is what the workloads say of themselves: an ingress controller may learn of them a moment later.
        """

        def look() -> Json | None:
            store = self.store(name)
            assert store.get("phase") != "Failed" or phase == "Failed", store["message"]
            return store if store.get("phase") == phase else None

        found = until(look, f"{name} to be {phase}")
        if phase == "Ready":
            wait_until_served(found["url"])
        return found

    def wait_until_gone(self, name: str) -> None:
        """Until the API answers 404."""
        until(lambda: self.call("GET", f"/stores/{name}").status_code == 404, f"{name} to be gone")

    @contextmanager
    def events(self, since: int | None = None) -> Iterator["Events"]:
        """The live events over WebSocket."""
        query = "" if since is None else f"?since={since}"
        address = self.url.replace("http", "ws", 1) + f"/stores/ws{query}"
        with connect(address, additional_headers={"X-User-Id": self.user}, origin=None) as socket:
            yield Events(socket)


class Events:
    """Messages of one WebSocket, one by one."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def until(self, store: str, last: str) -> list[Json]:
        """A store's events up to and with the first of type `last`."""
        seen: list[Json] = []
        deadline = time.monotonic() + GENEROUS_SECONDS
        while time.monotonic() < deadline:
            message = json.loads(self._socket.recv(timeout=GENEROUS_SECONDS))
            if message["type"] != "event" or message["event"]["store"] != store:
                continue
            seen.append(message["event"])
            if seen[-1]["type"] in (last, "PROVISION_FAILED"):
                return seen
        raise AssertionError(f"no {last} of {store} after {[event['type'] for event in seen]}")


def kubectl(*words: str, stdin: str = "") -> str:
    """What kubectl prints, or its error as the test's failure."""
    done = subprocess.run(["kubectl", *words], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(kind: str, *words: str) -> list[Json]:
    """Objects of a kind in the cluster, as kubectl lists them."""
    found: list[Json] = json.loads(kubectl("get", kind, "-o", "json", *words))["items"]
    return found


def launcher(*words: str) -> Json:
    """A launcher command that answers in JSON."""
    done = subprocess.run([str(ROOT / "storeplane"), *words, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def reach(origin: str) -> tuple[str, str]:
    """Where to connect for the origin of a store that is Ready, and the Host header to send."""
    parts = urlsplit(origin)
    return f"{parts.scheme}://{INGRESS.place(origin)}", parts.netloc


def get_page(origin: str, path: str = "/") -> httpx.Response:
    """One GET of a store's page."""
    address, host = reach(origin)
    return httpx.get(f"{address}{path}", headers={"Host": host}, timeout=30, trust_env=False)


def wait_until_served(origin: str) -> None:
    """Until shop and backend answer at the store's origin: a controller may learn of a new store a moment late."""
    for path in ("/", "/health"):
        until(lambda path=path: _is_served(origin, path), f"{path} of {origin} to be served")


def _is_served(origin: str, path: str) -> bool:
    try:
        return get_page(origin, path).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def until(look: Callable[[], T | None], what: str, seconds: float = GENEROUS_SECONDS) -> T:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.25)
