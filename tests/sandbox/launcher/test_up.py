"""up, status, logs and down as processes, with a small platform in the real one's place."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.launcher import pids
from sandbox.launcher.home import Home, read_json
from sandbox.launcher.options import free_port

PROGRAM = Path(__file__).with_name("small_platform.py")


class Launcher:
    """One home, and the launcher's commands on it."""

    def __init__(self, folder: Path, kind: str = "") -> None:
        self.home = Home(folder / "home")
        self.port = free_port(0)
        self.env = {**os.environ, "STOREPLANE_HOME": str(self.home.root), "SMALL_PLATFORM": kind}

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(PROGRAM), *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=120)

    def up(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self("up", "--no-demo", "--detach", *self.ports, *words)

    def foreground(self) -> "subprocess.Popen[str]":
        command = [sys.executable, str(PROGRAM), "up", "--no-demo", *self.ports]
        return subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @property
    def ports(self) -> tuple[str, ...]:
        return ("--port", str(self.port), "--ingress-port", str(free_port(0)))

    def status(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self("status", "--json").stdout)
        return value


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    made = Launcher(tmp_path)
    yield made
    made("down")
    assert pids.strays(made.home.run) == {}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def said(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """What the process printed up to the line with these words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if words in line:
            return lines
    raise AssertionError(f"{words!r} was never said: {lines}")


def test_a_detached_platform_runs_until_down(launcher: Launcher) -> None:
    done = launcher.up()
    assert done.returncode == 0, done.stderr
    assert f"Dashboard     http://localhost:{launcher.port}" in done.stdout
    told = launcher.status()
    assert told["phase"] == "running"
    assert told["jobs"] == [{"name": "migrate", "state": "done", "exit_code": 0}]
    rows = {row["name"]: row for row in told["processes"]}
    assert set(rows) == {"web", "worker"}
    assert rows["web"]["address"] == f"http://localhost:{launcher.port}"
    assert all(row["rss_bytes"] > 1_000_000 and row["restarts"] == 0 for row in rows.values())
    assert launcher("down").returncode == 0
    assert launcher("status").returncode == 3
    assert all(pids.start_ticks(row["pid"]) is None for row in rows.values())


def test_up_twice_says_where_it_runs(launcher: Launcher) -> None:
    launcher.up()
    again = launcher("up", "--no-demo", "--detach")
    assert again.returncode == 0
    assert again.stdout.startswith(f"Already running at http://localhost:{launcher.port} ")


def test_up_with_another_port_than_the_running_one_is_refused(launcher: Launcher) -> None:
    launcher.up()
    refused = launcher("up", "--port", "1234")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"storeplane: A platform is already running at http://localhost:{launcher.port} ")
    assert "--port 1234" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_the_next_up_has_the_ports_of_the_last(launcher: Launcher) -> None:
    launcher.up()
    launcher("down")
    assert f"http://localhost:{launcher.port}" in launcher("up", "--no-demo", "--detach").stdout


def test_a_start_that_fails_shows_the_last_words_of_the_one_to_blame_and_leaves_nothing(launcher: Launcher) -> None:
    launcher.env["SMALL_PLATFORM"] = "broken"
    done = launcher.up()
    assert done.returncode == 1
    assert "storeplane: web ended while it was starting (exit code 1)." in done.stderr
    assert "    the table stores is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert launcher.status()["phase"] == "failed"
    assert pids.strays(launcher.home.run) == {}


def test_a_failed_start_in_the_terminal_is_told_in_the_same_words(launcher: Launcher) -> None:
    launcher.env["SMALL_PLATFORM"] = "broken"
    process = launcher.foreground()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "web ended while it was starting (exit code 1)." in errors
    assert "Traceback" not in errors


def test_ctrl_c_stops_everything_and_that_is_no_failure(launcher: Launcher) -> None:
    process = launcher.foreground()
    lines = said(process, "Ctrl-C stops everything")
    assert any(line.endswith("| worker works") for line in lines)
    started = [row["pid"] for row in read_json(launcher.home.state_file)["processes"] if row["pid"]]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert all(pids.start_ticks(pid) is None for pid in started)


def test_ctrl_c_during_the_start_stops_what_was_started(launcher: Launcher) -> None:
    launcher.env["SMALL_PLATFORM"] = "slow"
    process = launcher.foreground()
    said(process, "web starts")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert pids.strays(launcher.home.run) == {}


def test_down_from_another_terminal_stops_one_in_the_foreground(launcher: Launcher) -> None:
    process = launcher.foreground()
    said(process, "Ctrl-C stops everything")
    assert launcher("down").returncode == 0
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_after_a_killed_supervisor_the_next_up_works(launcher: Launcher) -> None:
    launcher.up()
    os.kill(launcher.status()["supervisor"]["pid"], signal.SIGKILL)
    wait_for(lambda: launcher("status").returncode == 3)
    done = launcher.up()
    assert done.returncode == 0, done.stderr
    assert {row["state"] for row in launcher.status()["processes"]} == {"running"}


def test_two_homes_run_side_by_side(launcher: Launcher, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Launcher(tmp_path / "other")
    launcher.up()
    assert other.up().returncode == 0
    launcher("down")
    assert other.status()["phase"] == "running"
    other("down")


def test_a_port_that_another_platform_has_is_told_with_its_home(launcher: Launcher, tmp_path: Path) -> None:
    launcher.up()
    (tmp_path / "other").mkdir()
    other = Launcher(tmp_path / "other")
    other.port = launcher.port
    refused = other.up()
    assert refused.returncode == 1
    assert f"of the platform in {launcher.home.root}; choose another with --port." in refused.stderr
    assert not other.home.root.exists()


def test_logs_are_there_after_the_stop_alone_and_merged(launcher: Launcher) -> None:
    launcher.up()
    launcher("down")
    assert launcher("logs", "worker").stdout.endswith(" worker works\n")
    merged = launcher("logs").stdout
    assert "worker works" in merged
    assert "supervisor |" in merged
    unknown = launcher("logs", "wroker")
    assert unknown.returncode == 1
    assert "the logs are: migrate, supervisor, web, worker." in unknown.stderr


def test_down_with_wipe_leaves_nothing_and_can_be_repeated(launcher: Launcher) -> None:
    launcher.up()
    done = launcher("down", "--wipe")
    assert done.returncode == 0
    assert "Kept for the next start, shared by all homes of this checkout: .venv, .build, node_modules." in done.stdout
    assert "cluster" not in done.stdout
    assert not launcher.home.root.exists()
    assert launcher("down", "--wipe").returncode == 0


def test_down_with_wipe_says_that_the_stores_of_a_real_cluster_stay(launcher: Launcher, tmp_path: Path) -> None:
    real = tmp_path / "real.kubeconfig"
    real.write_text("{}")
    assert launcher.up("--kubeconfig", str(real)).returncode == 0
    done = launcher("down", "--wipe")
    assert f"Its stores in the cluster of {real} stay there" in done.stdout
    assert "`kubectl delete stores --all` before `down`" in done.stdout
    assert not launcher.home.root.exists()
    assert real.exists()
