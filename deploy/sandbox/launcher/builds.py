"""Runs the build scripts, each once and side by side; they know themselves when there is nothing to do."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import CHECKOUT, Home
from sandbox.launcher.logs import LogFile
from sandbox.launcher.processes import node_environment
from sandbox.launcher.programs import find_node, postgres_programs, python

COLD_BYTES = 2 * 1024**3
"""What the builds take at their peak: packages, their caches, the built folders."""
HOME_BYTES = 300 * 1024**2


@dataclass(frozen=True)
class Build:
    """One build script and the folder that it makes."""

    name: str
    script: Path
    out: Path
    needs_postgres: bool = False

    @property
    def is_made(self) -> bool:
        return self.out.exists()

    def argv(self) -> list[str]:
        tools = find_node()
        words = [python(), str(self.script), "--node", str(tools.node), "--npm", str(tools.npm), "--out", str(self.out)]
        return [*words, "--pgbin", str(postgres_programs())] if self.needs_postgres else words


def builds(*, with_images: bool) -> list[Build]:
    """All that must be built; a real cluster brings its own images."""
    images, made = CHECKOUT / "deploy" / "images", CHECKOUT / ".build"
    dashboard = Build("dashboard", CHECKOUT / "frontend" / "build.py", made / "dashboard")
    if not with_images:
        return [dashboard]
    return [
        Build("Medusa", images / "medusa" / "build.py", made / "images" / "medusa", needs_postgres=True),
        Build("storefront", images / "storefront" / "build.py", made / "images" / "storefront"),
        dashboard,
    ]


def require_disk(wanted: Sequence[Build], home: Home) -> None:
    """Raises LauncherError when the builds, or the home, would fill the disk."""
    needs = [(home.root, HOME_BYTES)]
    if not all(build.is_made for build in wanted):
        needs.append((CHECKOUT, COLD_BYTES))
    for folder, wanted_bytes in needs:
        free = shutil.disk_usage(folder if folder.exists() else CHECKOUT).free
        if free < wanted_bytes:
            raise LauncherError(
                f"Not enough disk space: {free / 1024**3:.1f} GB are free in {folder}, "
                f"and {wanted_bytes / 1024**3:.1f} GB are needed."
            )


def build_all(wanted: Sequence[Build], home: Home, console: Console) -> None:
    """Build side by side. Raises LauncherError at the first failure, when the others have been stopped."""
    running = _Running()
    with ThreadPoolExecutor(len(wanted)) as threads:
        try:
            futures = [threads.submit(_build, each, home, console, running) for each in wanted]
            while (done := wait(futures, timeout=0.5, return_when=FIRST_EXCEPTION)).not_done:
                console.refresh()
                if any(future.exception() for future in done.done):
                    break
            for future in done.done:
                future.result()
        finally:
            running.end_all()


class _Running:
    """The build processes alive now, so that an interrupt ends them with all they started."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def start(self, argv: Sequence[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed:
                raise LauncherError("The build was interrupted.")
            process = subprocess.Popen(
                argv,
                env=env,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._processes.add(process)
            return process

    def end_all(self, grace: float = 10.0) -> None:
        with self._lock:
            self._closed = True
            alive = [process for process in self._processes if process.poll() is None]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in alive:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            deadline = time.monotonic() + grace
            while any(process.poll() is None for process in alive) and time.monotonic() < deadline:
                time.sleep(0.05)


def _build(build: Build, home: Home, console: Console, running: _Running) -> None:
    title = f"Build of {build.name}"
    log = LogFile(home.logs / f"build-{build.name.lower()}.log", echo=lambda line: console.detail(title, line))
    with console.step(title):
        process = running.start(build.argv(), node_environment())
        assert process.stdout is not None  # noqa: S101
        while chunk := process.stdout.read1(64 * 1024):  # type: ignore[attr-defined]
            log.feed(chunk)
        log.flush()
        log.close()
        if process.wait() != 0:
            last = next((line for line in reversed(log.last) if line.strip()), "it said nothing")
            raise LauncherError(f"Building {build.name} failed: {last} (all of it is in {log.path})")
