"""A browser that notices what a person would trip over, and takes pictures for people to look at."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

PATIENCE_MS = 60_000
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TALLEST = 3000
"""Pixels of a picture: of a list of long documents the top is enough, and Chromium gives up on taller ones."""


class Eyes:
    """Wraps a page; `trouble` collects console errors, failed requests, error answers, and requests to other hosts."""

    def __init__(self, page: Page, home: str, pictures: Path, *, thorough: bool) -> None:
        self.page = page
        self.home = home
        self.pictures = pictures
        self.thorough = thorough
        self.trouble: list[str] = []
        self._expected: set[int] = set()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)  # 5 s otherwise, whatever the page's own is
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.trouble.append(f"script error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._request)
        page.on("response", self._response)

    def go(self, path: str) -> None:
        """Open an address of the platform."""
        self.page.goto(self.home + path)

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """An error answer that the test provokes; the browser's own complaint about it counts as expected, too."""
        self._expected = {status}
        yield
        self.page.wait_for_load_state("networkidle")
        self._expected = set()

    def look(self, name: str) -> None:
        """A picture; a `thorough` look takes one for each width and colour scheme.

        A page that is wider than its window is trouble.
        """
        for width in reversed(WIDTHS):
            self.page.set_viewport_size({"width": width, "height": 900})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                self.trouble.append(f"{name} is {wide} px wide in a window of {width} px")
            for scheme in SCHEMES if self.thorough else ():
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self._take(f"{name}-{width}-{scheme}", width)
        self.page.emulate_media(color_scheme="light")
        if not self.thorough:
            self._take(name, WIDTHS[0])

    def _take(self, name: str, width: int) -> None:
        # A window that is as tall as the page: Playwright's own way to take whole pages asks for all of it.
        tall = max(900, min(TALLEST, self.page.evaluate("document.documentElement.scrollHeight")))
        self.page.set_viewport_size({"width": width, "height": tall})
        self.page.screenshot(path=self.pictures / f"{name}.png", animations="disabled")
        self.page.set_viewport_size({"width": width, "height": 900})

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self._is_expected(message.text):
            self.trouble.append(f"console {message.type} on {self.page.url}: {message.text}")

    def _is_expected(self, text: str) -> bool:
        said = re.search(r"server responded with a status of (\d{3})", text)
        return said is not None and int(said[1]) in self._expected

    def _failed(self, request: Request) -> None:
        self.trouble.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self.home:
            self.trouble.append(f"another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.trouble.append(f"answered {response.status}: {response.request.method} {response.url}")
