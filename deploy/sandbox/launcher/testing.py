"""`test`: everything that must hold, in one command from a fresh checkout, and nothing left behind."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from sandbox.launcher import checks, pids, role_use
from sandbox.launcher.browser import find_browser, unpack_browser
from sandbox.launcher.builds import build_all, builds, require_disk
from sandbox.launcher.console import Console
from sandbox.launcher.down import down
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import CHECKOUT, Home
from sandbox.launcher.options import existing_kubeconfig, free_port
from sandbox.launcher.processes import AUDIT_LOG, node_environment
from sandbox.launcher.programs import find_node, python

E2E = "tests/e2e"
PAGES = "tests/pages"
KEPT_LOGS = CHECKOUT / ".build" / "test-logs"
_NOTHING_COLLECTED = 5  # pytest's exit code


@dataclass
class Tally:
    """What pytest's runs add up to."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: bool = False
    """A run that ended otherwise than by failing tests: a usage error, an interrupt."""

    def add(self, report: Path, exit_code: int) -> None:
        with suppress(OSError, ElementTree.ParseError):
            for suite in ElementTree.parse(report).getroot().iter("testsuite"):  # noqa: S314 - pytest wrote it just now
                tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
                failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                self.passed += tests - skipped - failed
                self.failed += failed
                self.skipped += skipped
        self.broken |= exit_code not in (0, 1, _NOTHING_COLLECTED)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def test(words: Sequence[str], *, fast: bool, console: Console, kubeconfig: str | None) -> int:
    """Run all of it, or with `words` only what pytest makes of them. Returns the exit code.

    `kubeconfig` names a real cluster for whatever needs one.
    """
    real = {"KUBECONFIG": str(existing_kubeconfig(kubeconfig))} if kubeconfig else {}
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="storeplane-test-"))
    home = Home(folder / "e2e")
    tally = Tally()
    try:
        home.create()
        unit, e2e = _split(words)
        # A real cluster has its images from a registry.
        failed_checks = _prepare(home, console, with_checks=not words, with_images=unit is not None or not real)
        if unit is not None:
            browser = {"STOREPLANE_CHROMIUM": _browser(console)} if _looks_at_pages(unit) else {}
            _pytest([*_lanes(unit), *unit], folder, tally, {**browser, **real})
        if e2e is not None and not fast and not tally.broken and _selects_any(e2e, folder):
            _end_to_end(e2e, home, tally, console, real)
        if tally.failed and home.logs.exists():
            shutil.rmtree(KEPT_LOGS, ignore_errors=True)
            shutil.copytree(home.logs, KEPT_LOGS)
            console.line(f"The logs of the platform under test are kept in {KEPT_LOGS}.")
    finally:
        _clean_up(home, folder)
    for name in failed_checks:
        console.error(f"The check '{name}' failed; what it said is above.")
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    console.line(f"{tally} in {minutes} min {seconds} s")
    return 1 if tally.failed or tally.broken or failed_checks or not tally.passed else 0


def named_cluster(environ: Mapping[str, str]) -> str | None:
    """The cluster that KUBECONFIG names, when images are named beside it: only a real cluster has a use for those.

    A KUBECONFIG alone is the one that somebody works with every day, and is never taken unasked.
    """
    images = any(environ.get(f"STOREPLANE_IMAGE_{name}") for name in ("MEDUSA", "STOREFRONT", "POSTGRES"))
    return environ.get("KUBECONFIG") or None if images else None


def _prepare(home: Home, console: Console, *, with_checks: bool, with_images: bool) -> list[str]:
    wanted = builds(with_images=with_images)
    require_disk(wanted, home)
    build_all(wanted, home, console)
    if not with_checks:
        return []
    node = find_node()
    return checks.run([checks.install_front_ends(node)], console) or checks.run(checks.checks(node), console)


def _split(words: Sequence[str]) -> tuple[list[str] | None, list[str] | None]:
    """pytest's arguments for the run without a platform and for the one with it; None where nothing was asked for."""
    paths = [word for word in words if not word.startswith("-") and (CHECKOUT / word.partition("::")[0]).exists()]
    others = [word for word in words if word not in paths]
    if not paths:
        return ["tests", f"--ignore={E2E}", *others], [E2E, *others]
    inside = [path for path in paths if (CHECKOUT / path.partition("::")[0]).resolve().is_relative_to(CHECKOUT / E2E)]
    outside = [path for path in paths if path not in inside]
    whole = any((CHECKOUT / E2E).is_relative_to((CHECKOUT / path.partition("::")[0]).resolve()) for path in outside)
    return (
        [*outside, f"--ignore={E2E}", *others] if outside else None,
        [*(inside or [E2E]), *others] if inside or whole else None,
    )


def _lanes(words: Sequence[str]) -> list[str]:
    """pytest-xdist's options for all tests: two lanes, for most tests wait for processes more than they work.

    A file's tests stay together, for the platform or the stores that they share. Files are handed out by their names,
    which puts long ones first (benchmarks, chaos, charts), so that both lanes end at about the same time.
    """
    if "tests" not in words:
        return []
    return ["--numprocesses", str(min(2, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder"]


def _looks_at_pages(words: Sequence[str]) -> bool:
    """Whether the run has tests that need a browser: those of the admin and the browsable API."""
    pages = CHECKOUT / PAGES
    paths = [(CHECKOUT / word.partition("::")[0]).resolve() for word in words if not word.startswith("-")]
    return any(pages.is_relative_to(path) or path.is_relative_to(pages) for path in paths if path.exists())


def _selects_any(words: Sequence[str], folder: Path) -> bool:
    """Whether the end-to-end run would have a test at all: a platform is not started for nothing."""
    if not (CHECKOUT / E2E).is_dir():
        return False
    command = [python(), "-m", "pytest", "--collect-only", "-q", *words]
    done = subprocess.run(command, cwd=CHECKOUT, env=_environment(folder), capture_output=True, check=False)
    return done.returncode != _NOTHING_COLLECTED


def _end_to_end(words: Sequence[str], home: Home, tally: Tally, console: Console, real: dict[str, str]) -> None:
    folder = home.root.parent
    env = {"STOREPLANE_CHROMIUM": _browser(console)}
    if "STOREPLANE_E2E_URL" in os.environ:
        # A platform that runs already: its cluster is the one that the caller's KUBECONFIG names.
        known = {name: os.environ[name] for name in ("KUBECONFIG",) if name in os.environ}
        _pytest(words, folder, tally, {**env, **known, **real})
        return
    env["STOREPLANE_HOME"] = str(home.root)
    port, ingress_port = free_port(0), free_port(0)
    up = [str(CHECKOUT / "storeplane"), "up", "--detach", "--port", str(port), "--ingress-port", str(ingress_port)]
    if real:
        # Its tests make stores of their own: a demo store would stay when the home is gone.
        up += ["--kubeconfig", real["KUBECONFIG"], "--no-demo"]
    log = home.logs / "audit.jsonl"
    if _call(up, {**_environment(folder), **env, AUDIT_LOG: str(log)}) != 0:
        tally.failed += 1
        console.error("storeplane: The platform for the end-to-end tests did not start; see above.")
        return
    env |= {"STOREPLANE_E2E_URL": f"http://127.0.0.1:{port}", "KUBECONFIG": str(home.kubeconfig), **real}
    failed_before = tally.failed
    _pytest(words, folder, tally, env)
    if not real:
        _judge_role(log, tally, console, of_all_tests=list(words) == [E2E] and tally.failed == failed_before)


def _judge_role(log: Path, tally: Tally, console: Console, *, of_all_tests: bool) -> None:
    """Counts as a test: the platform was denied nothing, and needed all that its role allows."""
    use = role_use.read(log)
    complaints = list(use.complaints(of_all_tests=of_all_tests))
    for complaint in complaints:
        console.error(f"storeplane: {complaint}")
    tally.failed += bool(complaints)
    if of_all_tests and not complaints:
        tally.passed += 1
        console.line(f"The platform's role: all of its {len(use.used)} rights were used, nothing was denied.")


def _browser(console: Console) -> str:
    found = find_browser()
    if found:
        return found
    with console.step("Getting a browser from npm"):
        return unpack_browser(find_node())


def _pytest(words: Sequence[str], folder: Path, tally: Tally, env: dict[str, str]) -> None:
    report = folder / f"report-{len(list(folder.glob('report-*')))}.xml"
    command = [python(), "-m", "pytest", "-p", "no:cacheprovider", "--junitxml", str(report), *words]
    tally.add(report, _call(command, {**_environment(folder), **env}))


def _environment(folder: Path) -> dict[str, str]:
    """Temporary files go where they are removed, and whatever the tests start can be found by this mark."""
    own = {name: value for name, value in node_environment().items() if name != "KUBECONFIG"}
    return {**own, "TMPDIR": str(folder), pids.OWNER_VARIABLE: str(folder)}


def _call(command: Sequence[str], env: dict[str, str]) -> int:
    """Run in the terminal. Ctrl-C reaches the command by itself; a SIGTERM of ours is handed on as one."""
    with subprocess.Popen(command, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait()
        except KeyboardInterrupt as interrupt:
            if interrupt.args == ("SIGTERM",):
                process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def _clean_up(home: Home, folder: Path) -> None:
    """Also after Ctrl-C; a second Ctrl-C must not keep it from its work."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        quiet = Console(open(os.devnull, "w"))  # noqa: SIM115 - lives as long as this process
        for each in {home.root, *(marker.parent for marker in folder.glob("**/.storeplane-home"))}:
            with suppress(LauncherError, OSError):
                down(Home(each), quiet, wipe=True)
        pids.end_strays(folder)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        signal.signal(signal.SIGINT, before)
