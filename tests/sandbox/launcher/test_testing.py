"""What `test` hands to pytest, and how it counts."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.launcher import pids, testing
from sandbox.launcher.account import ROLE, ROLE_FILE, USER
from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home
from sandbox.launcher.role_use import Right, rights
from sandbox.launcher.testing import (
    Tally,
    _clean_up,
    _end_to_end,
    _judge_role,
    _lanes,
    _looks_at_pages,
    _split,
    named_cluster,
)

UNIT, E2E = "tests/sandbox/launcher", "tests/e2e"


@pytest.mark.parametrize(
    ("words", "unit", "end_to_end"),
    [
        ([], ["tests", f"--ignore={E2E}"], [E2E]),
        (["-k", "drift"], ["tests", f"--ignore={E2E}", "-k", "drift"], [E2E, "-k", "drift"]),
        ([UNIT, "-x"], [UNIT, f"--ignore={E2E}", "-x"], None),
        ([E2E], None, [E2E]),
        ([f"{E2E}/test_birth.py::test_one", "-x"], None, [f"{E2E}/test_birth.py::test_one", "-x"]),
        (["tests"], ["tests", f"--ignore={E2E}"], [E2E]),
        ([UNIT, E2E], [UNIT, f"--ignore={E2E}"], [E2E]),
    ],
)
def test_only_the_end_to_end_tests_need_a_platform(
    words: list[str], unit: list[str] | None, end_to_end: list[str] | None
) -> None:
    assert _split(words) == (unit, end_to_end)


@pytest.mark.parametrize(
    ("environ", "cluster"),
    [
        ({"KUBECONFIG": "/k"}, None),
        ({"KUBECONFIG": "/k", "STOREPLANE_IMAGE_PULL_POLICY": "Always"}, None),
        ({"KUBECONFIG": "/k", "STOREPLANE_IMAGE_MEDUSA": "registry.example/medusa:2"}, "/k"),
        ({"STOREPLANE_IMAGE_MEDUSA": "registry.example/medusa:2"}, None),
    ],
)
def test_a_kubeconfig_is_taken_when_images_are_named_for_it(environ: dict[str, str], cluster: str | None) -> None:
    assert named_cluster(environ) == cluster


def test_a_kubeconfig_that_is_not_there_is_told_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "_prepare", lambda *_, **__: pytest.fail("something was built"))
    with pytest.raises(LauncherError, match="There is no kubeconfig at"):
        testing.test([E2E], fast=False, console=Console(io.StringIO()), kubeconfig=str(tmp_path / "none"))


def test_all_tests_run_in_lanes_and_a_few_in_one_that_shows_their_names() -> None:
    assert "loadfile" in _lanes(["tests", f"--ignore={E2E}", "-x"])
    assert _lanes([UNIT, "-x"]) == []


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["tests", f"--ignore={E2E}"], True),
        (["tests/pages", "-x"], True),
        (["tests/pages/test_admin_pages.py::test_one"], True),
        ([UNIT, "-k", "drift"], False),
        (["tests/config", f"--ignore={E2E}"], False),
    ],
)
def test_a_browser_is_fetched_only_for_tests_that_open_pages(words: list[str], needed: bool) -> None:
    assert _looks_at_pages(words) is needed


def test_nothing_is_left_whatever_the_tests_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    home = Home(folder / "e2e")
    home.create()
    lost = {**os.environ, pids.OWNER_VARIABLE: str(folder / "elsewhere" / "run")}
    ignores_term = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", ignores_term], env=lost, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        _clean_up(home, folder)
    assert process.returncode == -9
    assert not folder.exists()


@pytest.mark.parametrize("real", [{}, {"KUBECONFIG": "/some/where"}])
def test_a_demo_store_is_made_in_the_sandbox_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real: dict[str, str]
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(testing, "_call", lambda command, env: commands.append(command) or 1)
    monkeypatch.setattr(testing, "_browser", lambda console: "chromium")
    monkeypatch.delenv("STOREPLANE_E2E_URL", raising=False)

    _end_to_end([E2E], Home(tmp_path / "e2e"), Tally(), Console(io.StringIO()), real)

    (up,) = commands
    assert ("--no-demo" in up) is bool(real)
    assert ("--kubeconfig" in up) is bool(real)


@pytest.mark.parametrize(
    ("words", "kubeconfig", "built"),
    [([E2E], None, True), ([E2E], __file__, False), ([UNIT], __file__, True)],  # any file there is
)
def test_no_images_are_built_for_a_real_cluster(
    monkeypatch: pytest.MonkeyPatch, words: list[str], kubeconfig: str | None, built: bool
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(testing, "builds", lambda *, with_images: asked.append(with_images))
    for name in ("require_disk", "build_all", "_pytest", "_end_to_end"):
        monkeypatch.setattr(testing, name, lambda *_: None)

    testing.test(words, fast=False, console=Console(io.StringIO()), kubeconfig=kubeconfig)

    assert asked == [built]


REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


def test_the_runs_add_up(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    tally = Tally()
    report.write_text(REPORT.format(10, 1, 1, 2))
    tally.add(report, 1)
    report.write_text(REPORT.format(5, 0, 0, 0))
    tally.add(report, 0)
    assert str(tally) == "11 passed, 2 failed, 2 skipped"
    assert not tally.broken


def test_a_run_that_ended_without_a_report_is_not_taken_for_a_pass(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(tmp_path / "none.xml", -9)
    assert tally.broken


def test_a_word_that_selects_nothing_in_one_run_is_no_failure(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(tmp_path / "none.xml", 5)
    assert not tally.broken


def audited(right: Right, **more: Any) -> str:
    group, resource, verb = right
    main, _, sub = resource.partition("/")
    line = {"user": USER, "verb": verb, "group": group, "resource": main, "subresource": sub, "allowed": True}
    return json.dumps({**line, "by": {"role": f"ClusterRole/{ROLE}"}, **more}) + "\n"


@pytest.mark.parametrize(
    ("left_out", "denied", "of_all_tests", "counts"),
    [
        (0, False, True, (1, 0)),
        (1, False, True, (0, 1)),
        (1, False, False, (0, 0)),
        (0, True, True, (0, 1)),
        (1, True, False, (0, 1)),
    ],
)
def test_the_platforms_role_is_one_more_test(
    tmp_path: Path, left_out: int, denied: bool, of_all_tests: bool, counts: tuple[int, int]
) -> None:
    rules = yaml.safe_load(ROLE_FILE.read_text())["rules"]
    granted = [right for rule in rules for right in rights(rule)]
    log, tally = tmp_path / "audit.jsonl", Tally()
    refused = audited(("", "nodes", "get"), allowed=False) if denied else ""
    log.write_text("".join(audited(right) for right in granted[left_out:]) + refused)

    _judge_role(log, tally, Console(io.StringIO()), of_all_tests=of_all_tests)

    assert (tally.passed, tally.failed) == counts
