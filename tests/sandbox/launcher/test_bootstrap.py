"""The script `./storeplane` itself, with a stand-in for uv that notes its calls."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.launcher.home import CHECKOUT

BOOTSTRAP = runpy.run_path(str(CHECKOUT / "storeplane"))

# Makes a .venv whose python prints what it was given.
UV = """#!/bin/sh
echo "$@" >> {calls}
{first}
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
printf '#!/bin/sh\\necho launcher "$@"\\n' > "$UV_PROJECT_ENVIRONMENT/bin/python"
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(CHECKOUT / "storeplane", folder)
    (folder / "uv.lock").write_text("version = 1\n")
    (folder / "pyproject.toml").write_text("[project]\n")
    give_uv(folder)
    return folder


def give_uv(checkout: Path, first: str = "") -> None:
    uv = checkout / ".build" / "bootstrap" / f"uv-{BOOTSTRAP['UV_VERSION']}" / "uv"
    uv.parent.mkdir(parents=True, exist_ok=True)
    uv.write_text(UV.format(calls=checkout / "calls", first=first))
    uv.chmod(0o755)


def run(checkout: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(checkout / "storeplane"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def calls(checkout: Path) -> int:
    return len((checkout / "calls").read_text().splitlines())


def test_the_environment_is_made_once_from_the_lock_and_the_launcher_gets_the_words(checkout: Path) -> None:
    first, second = run(checkout, "status", "--json"), run(checkout, "status", "--json")
    assert first.stdout == second.stdout == "launcher -m sandbox.launcher status --json\n"
    assert calls(checkout) == 1
    assert "sync --locked" in (checkout / "calls").read_text()
    assert second.stderr == ""


def test_a_changed_lock_makes_it_anew(checkout: Path) -> None:
    run(checkout)
    (checkout / "uv.lock").write_text("version = 2\n")
    run(checkout)
    assert calls(checkout) == 2


def test_a_checkout_that_was_moved_makes_it_anew(checkout: Path) -> None:
    run(checkout)
    moved = checkout.rename(checkout.with_name("moved"))
    give_uv(moved)
    run(moved)
    assert calls(moved) == 2


def test_nothing_is_asked_of_uv_when_nothing_changed(checkout: Path) -> None:
    run(checkout)
    run(checkout)
    assert calls(checkout) == 1


def test_two_first_starts_at_once_make_it_once(checkout: Path) -> None:
    give_uv(checkout, first="sleep 1")
    command = [sys.executable, str(checkout / "storeplane")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [each.communicate() for each in both]
    assert [out for out, _ in answers] == ["launcher -m sandbox.launcher\n"] * 2
    assert calls(checkout) == 1
    assert sum("Waiting for another" in err for _, err in answers) == 1


def test_a_failed_sync_is_told_and_not_taken_for_done(checkout: Path) -> None:
    give_uv(checkout, first="echo 'error: no space left'; exit 2")
    done = run(checkout)
    assert done.returncode == 1
    assert "error: no space left" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("storeplane: Could not make the Python environment")
    assert "Traceback" not in done.stderr
    give_uv(checkout)
    assert run(checkout).returncode == 0


def test_an_old_python_gets_one_sentence(checkout: Path) -> None:
    code = f"""
import runpy, shutil, sys
sys.version_info = (3, 9, 2)
shutil.which = lambda name: None
sys.argv = ["storeplane"]
runpy.run_path({str(checkout / "storeplane")!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("storeplane: Storeplane needs Python 3.11 or newer, and ")
    assert done.stderr.count("\n") == 1


def test_a_full_disk_is_told_before_anything_is_downloaded(checkout: Path) -> None:
    code = f"""
import collections, runpy, shutil, sys
shutil.disk_usage = lambda path: collections.namedtuple("usage", "free")(2**30)
sys.argv = ["storeplane"]
runpy.run_path({str(checkout / "storeplane")!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Not enough disk space: 1.0 GB are free" in done.stderr
    assert not (checkout / "calls").exists()
