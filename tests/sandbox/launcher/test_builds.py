"""Builds side by side, with small scripts in the place of the real ones."""

import io
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import pytest

from sandbox.launcher import builds, pids
from sandbox.launcher.builds import Build
from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def script(folder: Path, name: str, code: str) -> Build:
    path = folder / f"{name}.py"
    path.write_text(textwrap.dedent(code))
    return Build(name, path, folder / "out" / name)


def test_the_steps_of_a_build_are_shown_and_kept_in_its_log(home: Home, tmp_path: Path) -> None:
    output = io.StringIO()
    builds.build_all([script(tmp_path, "shop", "print('step compile ... 1.0 s')")], home, Console(output))
    shown = output.getvalue().splitlines()
    assert shown[:2] == ["  Build of shop ...", "    Build of shop: step compile ... 1.0 s"]
    assert shown[2].startswith("  Build of shop ... ")
    assert "step compile ... 1.0 s" in (home.logs / "build-shop.log").read_text()


def test_a_build_gets_its_tools_by_name(home: Home, tmp_path: Path) -> None:
    output = io.StringIO()
    build = script(tmp_path, "medusa", "import sys; print(' '.join(sys.argv[1::2]))")
    build = Build(build.name, build.script, build.out, needs_postgres=True)
    builds.build_all([build], home, Console(output))
    assert "--node --npm --out --pgbin" in output.getvalue()


def test_a_failed_build_is_one_sentence_and_ends_the_others_with_their_children(home: Home, tmp_path: Path) -> None:
    long = script(
        tmp_path,
        "long",
        """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("child", child.pid, flush=True)
        time.sleep(600)
        """,
    )
    log = home.logs / "build-long.log"
    failing = script(
        tmp_path,
        "failing",
        f"""
        import pathlib, sys, time
        while not (pathlib.Path({str(log)!r}).exists() and "child" in pathlib.Path({str(log)!r}).read_text()):
            time.sleep(0.02)
        print("no room on the device", file=sys.stderr)
        sys.exit(1)
        """,
    )
    with pytest.raises(LauncherError, match=r"^Building failing failed: no room on the device"):
        builds.build_all([long, failing], home, Console(io.StringIO()))
    child = int(log.read_text().split()[-1])
    deadline = time.monotonic() + 60
    while pids.start_ticks(child) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pids.start_ticks(child) is None


def test_too_little_disk_is_told_before_anything_is_built(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(builds.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**9))
    with pytest.raises(LauncherError, match=r"0\.9 GB are free in .*, and 2\.0 GB are needed"):
        builds.require_disk([script(tmp_path, "shop", "")], home)


def test_what_is_built_needs_little_disk(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(builds.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**9))
    made = script(tmp_path, "shop", "")
    made.out.mkdir(parents=True)
    builds.require_disk([made], home)
