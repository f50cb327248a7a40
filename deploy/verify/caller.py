"""One person at the API of a running platform, and the patience to see something happen."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx

PATIENCE_SECONDS = 600.0
TIMEOUT_SECONDS = 30.0

Json = dict[str, Any]
T = TypeVar("T")


class Broken(Exception):
    """A promise that wasn't kept, in one sentence."""


@dataclass(frozen=True)
class Caller:
    """Who asks: by `X-User-Id` in a sandbox, by a bearer token elsewhere, or nobody at all."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """One request. Raises Broken when the platform doesn't answer."""
        address, host = reach(self.url)
        headers = {**self.headers, "Host": host}
        try:
            return httpx.request(method, address + path, headers=headers, json=body, timeout=TIMEOUT_SECONDS)
        except httpx.TransportError as error:
            raise Broken(f"{method} {self.url}{path} got no answer: {type(error).__name__}.") from error

    def store(self, name: str) -> Json | None:
        """The store's page; None once it is gone."""
        answer = self.call("GET", f"/stores/{name}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else dict(expect(answer, httpx.codes.OK).json())

    def phases(self) -> dict[str, str]:
        """The caller's stores and where they stand; a single page, since a checklist makes few."""
        answer = expect(self.call("GET", "/stores?page_size=200"), httpx.codes.OK)
        return {each["name"]: each["phase"] for each in answer.json()["results"]}


def reach(url: str) -> tuple[str, str]:
    """Where to connect to, and the Host to ask for.

    A name below `localhost` is this machine (RFC 6761), which many machines' resolvers don't know.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not (parts.hostname or "").endswith(".localhost"):
        return url, parts.netloc
    return urlunsplit(parts._replace(netloc=f"127.0.0.1:{parts.port or 80}")), parts.netloc


def expect(answer: httpx.Response, *codes: int) -> httpx.Response:
    """The answer. Raises Broken when its status is none of the codes."""
    if answer.status_code not in codes:
        wanted = " or ".join(str(int(code)) for code in codes)
        raise Broken(
            f"{answer.request.method} {answer.request.url} answered {answer.status_code} in place of {wanted}: "
            f"{answer.text[:200]}"
        )
    return answer


def claim(holds: bool, broken: str) -> None:
    """Raise Broken with that sentence unless it holds."""
    if not holds:
        raise Broken(broken)


def there(found: T | None, what: str) -> T:
    """What was found. Raises Broken when nothing was."""
    if found is None:
        raise Broken(f"There is no {what}.")
    return found


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS, every: float = 0.2) -> T:
    """What `look` sees first. Raises Broken after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        claim(time.monotonic() < deadline, f"Waited {seconds:.0f} s for {what}.")
        time.sleep(every)
    return seen
