"""How fast the dashboard is there: `pytest tests/benchmarks/dashboard -s`. Prints tables, asserts no time.

Web server, database, browser and this process share the machine; nothing is between them but the loopback, so what the
network costs is in the kilobytes and in Lighthouse's simulated telephone.
"""

import os
import statistics
from dataclasses import astuple

import pytest

from tests.benchmarks.dashboard import lighthouse
from tests.benchmarks.dashboard.browser import Load, Scroll, browsing, load, scroll

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

VISITS = 5
PROCESSORS = (1.0, 4.0)
PAGES = {"sign-in": False, "1,000 stores": True}
PIXELS, FRAMES = 120, 700
"""7,200 px a second at 60 Hz: a hard swipe, kept up from the first of 1,000 stores to the last."""
HEAD = (
    f"{'':14}{'CPU':>6} |{'FCP':>7}{'LCP':>7}{'TBT':>7}{'CLS':>8}{'content':>9}{'all':>7} |"
    f"{'js kB':>8}{'css':>7}{'all':>8}"
)


def line(page: str, slower: float, visits: list[Load]) -> str:
    """A row of medians."""
    middle = Load(*map(statistics.median, zip(*map(astuple, visits), strict=True)))
    times = f"{middle.fcp:7.0f}{middle.lcp:7.0f}{middle.blocking:7.0f}{middle.cls:8.4f}"
    times += f"{middle.content:9.0f}{middle.complete:7.0f}"
    sizes = f"{middle.js / 1000:8.1f}{middle.css / 1000:7.1f}{middle.all / 1000:8.1f}"
    return f"{page:14}{f'1/{slower:.0f}':>6} |{times} |{sizes}"


def frames(slower: float, done: Scroll) -> str:
    """A row about one way through the list."""
    late = sum(gap > 33.4 for gap in done.gaps)
    p99 = statistics.quantiles(done.gaps, n=100)[98]
    longest = max(done.long, default=0)
    return (
        f"{f'1/{slower:.0f}':>20} |{len(done.gaps):8}{statistics.median(done.gaps):8.1f}{p99:8.1f}{max(done.gaps):8.1f}"
        f"{late:8}{len(done.long):8}{longest:9.0f}"
    )


def test_loading(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    with browsing() as browser, capsys.disabled():
        print(f"\n{os.cpu_count()} cores; medians of {VISITS} visits with an empty cache; ms, kB over the wire\n{HEAD}")
        for page, signed_in in PAGES.items():
            for slower in PROCESSORS:
                visits = [load(browser, site, signed_in=signed_in, slower=slower) for _ in range(VISITS)]
                print(line(page, slower, visits), flush=True)


def test_scrolling(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    with browsing() as browser, capsys.disabled():
        print(f"\nScrolling 1,000 stores, {PIXELS} px a frame; ms")
        print(f"{'CPU':>20} |{'frames':>8}{'p50':>8}{'p99':>8}{'max':>8}{'> 33':>8}{'> 50':>8}{'longest':>9}")
        for slower in PROCESSORS:
            done = scroll(browser, site, slower=slower, pixels=PIXELS, frames=FRAMES)
            print(frames(slower, done), flush=True)
            assert done.left <= 1


def test_lighthouse(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        program = lighthouse.installed()
    except lighthouse.NotInstalled as error:
        pytest.skip(f"npm could not bring Lighthouse: {error}")
    with capsys.disabled():
        print(f"\nLighthouse {lighthouse.VERSION}; {', '.join(lighthouse.CATEGORIES)}; what it finds fault with")
        for page, signed_in in PAGES.items():
            for desktop in (True, False):
                try:
                    report = lighthouse.judge(program, site, signed_in=signed_in, desktop=desktop)
                except lighthouse.NotJudged as error:
                    pytest.skip(f"Lighthouse could not judge {page}: {error}")
                where = "desktop" if desktop else "telephone"
                row = "".join(f"{score:5}" for score in lighthouse.scores(report))
                print(f"{page:14}{where:>10} |{row} | {', '.join(lighthouse.faults(report)) or 'nothing'}", flush=True)
