"""The demo store: asked for through the front door, then watched until a shopper could buy in it."""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError

NAME = "demo"
USER = "demo"
# The platform's log names the request by it: our own questions need not be shown between its lines.
REQUEST_ID = "storeplane-up"
_PAUSE = 0.3


@dataclass(frozen=True)
class Demo:
    """What a person needs to use the demo store."""

    url: str
    admin_url: str
    admin_email: str
    admin_password: str


class Watcher:
    """Follows the demo store of the platform at `base_url`; `stop` ends it early."""

    def __init__(self, base_url: str, console: Console, *, stop: threading.Event, timeout: float = 300.0) -> None:
        self._base = base_url
        self._console = console
        self._stop = stop
        self._deadline = time.monotonic() + timeout
        self._timeout = timeout

    def bring_up(self, ingress: tuple[str, int] | None) -> Demo:
        """Create the store when it isn't there and wait until it is Ready and answers.

        `ingress` is where the store's host is served on this machine; None skips the look at the shop itself.
        Raises LauncherError when the store fails, or isn't Ready in time.
        """
        self._call("POST", "/stores", {"name": NAME, "engine": "medusa", "display_name": "Demo Store"})
        store = self._until_ready()
        if ingress is not None:
            self._until_it_answers(store["url"], ingress)
        login = self._call("GET", f"/stores/{NAME}/credentials")
        return Demo(store["url"], login["admin_url"], login["admin_email"], login["admin_password"])

    def _until_ready(self) -> dict[str, Any]:
        shown: set[str] = set()
        while True:
            store = self._call("GET", f"/stores/{NAME}")
            self._show_steps(store, shown)
            if store["phase"] == "Ready":
                for title in shown:
                    self._console.end(title)
                return store
            if store["phase"] == "Failed":
                raise LauncherError(f"The demo store failed: {store.get('message') or 'see ./storeplane logs'}")
            self._rest(f"The demo store is still {store['phase']}{_reason(store)}")

    def _show_steps(self, store: dict[str, Any], shown: set[str]) -> None:
        """A line for each step of the pipeline that is under way, and one with its time when it is done."""
        if (store.get("operation") or {}).get("kind") not in (None, "provision"):
            return
        for step in store.get("pipeline") or []:
            title = f"Demo store: {step.get('label') or step['name']}"
            if step["state"] in ("running", "waiting") and title not in shown:
                shown.add(title)
                self._console.begin(title)
            elif step["state"] == "succeeded" and title in shown:
                shown.remove(title)
                self._console.end(title)

    def _until_it_answers(self, url: str, ingress: tuple[str, int]) -> None:
        """Ready in the database may be older than this start: look at the shop's page and its backend too."""
        host = urlsplit(url).netloc
        with self._console.step("Demo store: answers a shopper"):
            for path in ("/", "/health"):
                while not _answers(ingress, host, path):
                    self._rest(f"{url}{path} does not answer")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request as the demo's user. A server that is just starting again is asked again."""
        while True:
            try:
                return call(self._base, method, path, body)
            except urllib.error.HTTPError as error:
                raise LauncherError(f"{method} {path} answered {error.code}: {_problem(error)}") from error
            except (OSError, ValueError):
                self._rest(f"The platform at {self._base} does not answer")

    def _rest(self, complaint: str) -> None:
        self._console.refresh()
        if self._stop.wait(_PAUSE):
            raise LauncherError("Interrupted.")
        if time.monotonic() > self._deadline:
            raise LauncherError(f"{complaint} after {self._timeout:.0f} s.")


def call(base: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One JSON request to the platform. Raises urllib's errors, and ValueError for an answer that is no JSON object."""
    request = urllib.request.Request(  # noqa: S310 - always http
        base + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "X-User-Id": USER,
            "X-Request-Id": f"{REQUEST_ID}-{uuid4().hex[:12]}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
    )
    with _direct.open(request, timeout=15) as answer:
        value = json.load(answer)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - of what a server sent, not of an argument
    return value


# A proxy from the environment has no business with 127.0.0.1.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _answers(ingress: tuple[str, int], host: str, path: str) -> bool:
    request = urllib.request.Request(f"http://{ingress[0]}:{ingress[1]}{path}", headers={"Host": host})
    try:
        with _direct.open(request, timeout=15) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


def _reason(store: dict[str, Any]) -> str:
    """Which condition is not True yet, and why."""
    for condition in store.get("conditions") or []:
        if condition.get("status") == "False" and condition.get("message"):
            return f" ({condition['type']}: {condition['message']})"
    return ""


def _problem(error: urllib.error.HTTPError) -> str:
    """The sentence of a problem+json answer."""
    try:
        content = json.loads(error.read())
        return str(content.get("detail") or content.get("title") or content)
    except (OSError, ValueError, AttributeError):
        return str(error.reason)
