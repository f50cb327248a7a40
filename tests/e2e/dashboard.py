"""The dashboard as a person uses it: by what stands on its buttons and fields, in a page that is loaded once."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.browser import FLAGS, chromium_program, resolver
from tests.e2e.front_door import GENEROUS_SECONDS, Json

PATIENCE_MS = 60_000
# A birth or a removal takes what the cluster takes: images are pulled, volumes made and taken away.
GENEROUS_MS = GENEROUS_SECONDS * 1000

_RECORDER = """() => {
  window.recorded = [];
  const last = new Map();
  const note = (key, value) => {
    if (last.get(key) !== value) { last.set(key, value); window.recorded.push([key, value]); }
  };
  const look = () => {
    for (const {dataset} of document.querySelectorAll('[data-testid^="step-"]')) note(dataset.testid, dataset.state);
    for (const {dataset} of document.querySelectorAll('[data-testid="connection"]')) note('connection', dataset.status);
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
  look();
}"""
_LINES = """() => [...document.querySelectorAll('[data-testid="activity"] li')].map((line) => {
  const message = line.querySelector('.log-message').cloneNode(true);
  message.querySelectorAll('.sub').forEach((each) => each.remove());
  return [line.querySelector('code').textContent, message.textContent];
})"""
_WHOLE_LOG = """async (first) => {
  const lines = [];
  for (let next = first; next;) {
    const answer = await fetch(next, {headers: {Accept: 'application/json'}});
    const page = await answer.json();
    lines.push(...page.results.map((event) => [event.type, event.message]));
    next = page.next;
  }
  return lines;
}"""


class Dashboard:
    """One person's page. What it shows is recorded from the sign-in on, however short it was there."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url

    def sign_in(self) -> None:
        """With the login that `./storeplane up` prints."""
        secrets = json.loads((Path(os.environ["STOREPLANE_HOME"]) / "secrets.json").read_text())
        self.page.goto(self._url)
        self.page.get_by_label("Username").fill("admin")
        self.page.get_by_label(re.compile("^Password")).fill(secrets["admin_password"])
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Stores")).to_be_visible()
        self.page.evaluate(_RECORDER)

    def make(self, name: str) -> None:
        """A store of that name, for the first tenant where there are several, with all else as it is suggested."""
        self.page.get_by_role("link", name="New store").click()
        form = self.page.get_by_role("form", name="New store")
        form.get_by_label(re.compile("^Name")).fill(name)
        tenant = form.get_by_role("combobox", name="Tenant")
        if tenant.is_visible():
            tenant.press("ArrowDown")
            tenant.press("Enter")
        form.get_by_role("button", name="Make the store").click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def event(self, type_: str) -> None:
        """Wait until the activity tells it."""
        expect(self.page.get_by_test_id(f"event-{type_}").first).to_be_visible(timeout=GENEROUS_MS)

    def credentials(self) -> Json:
        """What a click on them shows."""
        self.page.get_by_role("button", name="Show credentials").click()
        values = self.page.get_by_test_id("credentials").locator("code")
        expect(values).to_have_count(5)
        keys = ("admin_url", "admin_email", "admin_password", "backend_url", "publishable_key")
        return dict(zip(keys, values.all_inner_texts(), strict=True))

    def healed(self) -> str:
        """What the page says of findings that are over, opened as a person opens it."""
        self.page.get_by_text("Healed lately").first.click()
        return self.page.get_by_role("list", name="Healed lately").inner_text()

    def delete(self, name: str) -> None:
        """By typing its name."""
        self.page.get_by_role("button", name="Delete this store").click()
        self.page.get_by_label(f"Type {name} to confirm").fill(name)
        self.page.get_by_role("button", name="Delete for good").click()
        expect(self.page.get_by_role("heading", name=f"{name} is gone")).to_be_visible(timeout=GENEROUS_MS)

    def recorded(self, key: str = "") -> list[list[str]]:
        """What was shown, in order: names of steps or `connection`, with each state. Fails after a reload."""
        seen: list[list[str]] = self.page.evaluate("window.recorded")
        return [each for each in seen if each[0].startswith(key)]

    def lines(self) -> list[list[str]]:
        """The activity as it is shown, newest first: type and message."""
        found: list[list[str]] = self.page.evaluate(_LINES)
        return found

    def log(self, name: str) -> list[list[str]]:
        """The same as the API has it."""
        found: list[list[str]] = self.page.evaluate(_WHOLE_LOG, f"/stores/{name}/logs")
        return found


@contextmanager
def opened(url: str) -> Iterator[Dashboard]:
    """A browser with the dashboard's address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=[*FLAGS, *resolver()])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield Dashboard(page, url)
        browser.close()
