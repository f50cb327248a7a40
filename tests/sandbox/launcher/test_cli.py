"""The command line as a person meets it."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.launcher import cli
from sandbox.launcher.home import Home

COMMANDS = ("up", "status", "kubeconfig", "logs", "down", "test")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("STOREPLANE_HOME", str(tmp_path / "home"))
    return Home.from_environment()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main([command, "--help"])
    assert done.value.code == 0
    assert len(capsys.readouterr().out) > 150


def test_the_help_lists_the_commands_and_not_the_internal_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert all(f"    {command}" in told for command in COMMANDS)
    assert "supervise" not in told


def test_a_wrong_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main(["up", "--port", "99999"])
    assert done.value.code == 2
    assert "'99999' is not a port number (1 to 65535)" in capsys.readouterr().err


def test_nothing_is_made_by_looking(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 3
    assert cli.main(["down"]) == 0
    assert cli.main(["kubeconfig"]) == 1
    assert cli.main(["logs"]) == 0
    assert cli.main(["logs", "web"]) == 1
    assert "the logs are: none yet" in capsys.readouterr().err
    assert not home.root.exists()


def test_status_as_json_has_its_keys_also_when_nothing_runs(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert cli.main(["status", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {
        "home", "phase", "error", "urls", "kubeconfig", "options", "supervisor", "processes", "pods", "jobs",
    }  # fmt: skip
    assert (told["phase"], told["processes"]) == ("stopped", [])


def test_an_unforeseen_error_is_one_sentence_and_its_trace_goes_to_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.create()

    def broken(*_: object) -> int:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("sandbox.launcher.status.show", broken)
    assert cli.main(["status"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "ZeroDivisionError" in told
    assert "Traceback" in (home.logs / "launcher.log").read_text()


def test_words_after_test_are_pytests(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    monkeypatch.setattr("sandbox.launcher.testing.test", lambda words, **more: given.extend([words, more["fast"]]) or 0)
    assert cli.main(["test", "--fast", "tests/stores", "-k", "one and two", "-x", "--maxfail=1"]) == 0
    assert given == [["tests/stores", "-k", "one and two", "-x", "--maxfail=1"], True]


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    (home.logs / "web.log").write_text("2026-01-01T00:00:00.000Z line\n" * 50_000)
    command = f"{sys.executable} -m sandbox.launcher logs web -n 50000 | head -1"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env={"STOREPLANE_HOME": str(home.root)}
    )
    assert done.stdout == "2026-01-01T00:00:00.000Z line\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "ours", "for_pytest"),
    [
        (["--fast", "-x"], ["--fast"], ["-x"]),
        (["tests/e2e", "-k", "birth"], [], ["tests/e2e", "-k", "birth"]),
        (["--kubeconfig", "/k", "tests/e2e"], ["--kubeconfig", "/k"], ["tests/e2e"]),
        (["--kubeconfig=/k", "-x"], ["--kubeconfig=/k"], ["-x"]),
        (["--kubeconfig"], ["--kubeconfig"], []),
    ],
)
def test_what_test_does_not_know_goes_to_pytest(words: list[str], ours: list[str], for_pytest: list[str]) -> None:
    assert cli._split_test_words(words) == (ours, for_pytest)
