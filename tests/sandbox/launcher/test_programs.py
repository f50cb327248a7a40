"""Node, found or brought along."""

import subprocess
from pathlib import Path

import pytest

from sandbox.launcher import programs


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.4.1", True),
        ("not a version", False),
        ("", False),
    ],
)
def test_only_a_node_that_the_front_ends_accept_fits(version: str, fits: bool) -> None:
    assert programs.node_version_fits(version + "\n") is fits


def test_without_a_node_of_its_own_the_machine_gets_one_from_pypi_with_a_working_npm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "CHECKOUT", tmp_path)
    programs.find_node.cache_clear()
    try:
        found = programs.find_node()
    finally:
        programs.find_node.cache_clear()
    env = {"PATH": f"{found.node.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    for program in (found.node, found.npm):
        done = subprocess.run([program, "--version"], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip()


def test_an_old_node_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.0.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(programs, "CHECKOUT", tmp_path)
    programs.find_node.cache_clear()
    try:
        assert programs.find_node().node == tmp_path / ".build" / "node" / "bin" / "node"
    finally:
        programs.find_node.cache_clear()
