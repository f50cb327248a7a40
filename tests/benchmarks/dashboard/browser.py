"""A browser that keeps what its own performance APIs say about a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browser import FLAGS, chromium_program
from tests.pages.world import PASSWORD

PATIENCE_MS = 60_000

# Before any script of the page. `content` is when what the page is for was there, `all` when the list was complete.
_OBSERVE = """
window.seen = {fcp: 0, lcp: 0, cls: 0, tasks: [], frames: [], content: 0, all: 0};
const observe = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({type, buffered: true});
observe('paint', (each) => { if (each.name === 'first-contentful-paint') seen.fcp = each.startTime; });
observe('largest-contentful-paint', (each) => { seen.lcp = each.startTime; });
observe('layout-shift', (each) => { if (!each.hadRecentInput) seen.cls += each.value; });
observe('longtask', (each) => { seen.tasks.push([each.startTime, each.duration]); });
observe('long-animation-frame', (each) => { seen.frames.push([each.startTime, each.duration]); });
new MutationObserver(() => {
  const content = document.querySelector('[data-testid^="store-"] a, form[aria-label="Sign in"] button[type=submit]');
  if (content && !seen.content) seen.content = performance.now();
  if (!seen.all && /\\d+ of \\d+/.test(document.querySelector('.list-filters [role=status]')?.textContent ?? ''))
    seen.all = performance.now();
}).observe(document, {subtree: true, childList: true, characterData: true});
"""
_BYTES = """() => {
  const sums = {js: 0, css: 0, all: 0};
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  for (const {name, transferSize} of entries) {
    sums.all += transferSize;
    const end = new URL(name).pathname.split('.').pop();
    if (end in sums && end !== 'all') sums[end] += transferSize;
  }
  return sums;
}"""
_SCROLL = """async ({pixels, frames}) => {
  const gaps = [];
  const start = performance.now();
  let last = null;
  for (let frame = 0; frame < frames; frame++) {
    const now = await new Promise(requestAnimationFrame);
    if (last !== null) gaps.push(now - last);
    last = now;
    scrollBy(0, pixels);
  }
  await new Promise((done) => setTimeout(done));
  const long = seen.frames.filter(([begun]) => begun >= start).map(([, took]) => took);
  return {gaps, long, end: scrollY, left: document.documentElement.scrollHeight - innerHeight - scrollY};
}"""


@dataclass(frozen=True)
class Load:
    """One visit with an empty cache; milliseconds since the visit began, bytes over the wire, `cls` without a unit.

    `blocking` is what long tasks took above 50 ms each from the first paint until the page was complete.
    """

    fcp: float
    lcp: float
    blocking: float
    cls: float
    content: float
    complete: float
    js: float
    css: float
    all: float


@dataclass(frozen=True)
class Scroll:
    """Times between frames, and how long the frames above 50 ms took, in milliseconds; pixels that were left."""

    gaps: list[float]
    long: list[float]
    left: float


@contextmanager
def browsing() -> Iterator[Browser]:
    """The browser, as the page tests start it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        yield browser
        browser.close()


def load(browser: Browser, site: str, *, signed_in: bool, slower: float) -> Load:
    """Visit the sign-in page or, `signed_in`, the list, with a processor that is so many times slower."""
    with _page(browser, site, signed_in=signed_in, slower=slower) as page:
        page.goto(site)
        _wait_for_all(page, signed_in=signed_in)
        seen: dict[str, Any] = page.evaluate("seen")
        sizes: dict[str, float] = page.evaluate(_BYTES)
    complete = seen["all"] if signed_in else seen["content"]
    tasks = [took for begun, took in seen["tasks"] if seen["fcp"] <= begun + took and begun <= complete]
    blocking = sum(max(0.0, took - 50) for took in tasks)
    return Load(seen["fcp"], seen["lcp"], blocking, seen["cls"], seen["content"], complete, **sizes)


def scroll(browser: Browser, site: str, *, slower: float, pixels: int, frames: int) -> Scroll:
    """Scroll the whole list by so many pixels in each frame."""
    with _page(browser, site, signed_in=True, slower=slower) as page:
        page.goto(site)
        _wait_for_all(page, signed_in=True)
        done = page.evaluate(_SCROLL, {"pixels": pixels, "frames": frames})
    return Scroll(done["gaps"], done["long"], done["left"])


def sign_in(page: Page, site: str) -> None:
    """Come in by the form."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(site)
    page.fill("[name=username]", "root")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    _wait_for_all(page, signed_in=True)


@contextmanager
def _page(browser: Browser, site: str, *, signed_in: bool, slower: float) -> Iterator[Page]:
    """A page with nothing in its cache, of somebody who has come in before."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    if signed_in:
        before = context.new_page()
        sign_in(before, site)
        before.close()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(_OBSERVE)
    session = context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    yield page
    context.close()


def _wait_for_all(page: Page, *, signed_in: bool) -> None:
    if signed_in:
        expect(page.get_by_text("1000 of 1000")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_test_id("connection")).to_have_attribute("data-status", "live", timeout=PATIENCE_MS)
    else:
        expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle")
