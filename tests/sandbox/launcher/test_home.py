"""The folder that holds everything."""

from pathlib import Path

import pytest

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home, read_json, write_json


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_secrets_are_made_once_and_are_readable_by_their_owner_alone(home: Home) -> None:
    home.create()
    first = home.secrets()
    assert first == home.secrets()
    assert (home.root / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(first["secret_key"]) >= 50
    assert len(first["admin_password"]) >= 12


def test_the_logs_are_closed_to_other_users(home: Home) -> None:
    home.create()
    assert home.logs.stat().st_mode & 0o077 == 0


def test_a_folder_with_other_things_in_it_is_not_taken_as_a_home(home: Home) -> None:
    home.root.mkdir()
    (home.root / "thesis.odt").touch()
    with pytest.raises(LauncherError, match="was not made by Storeplane"):
        home.create()
    assert [entry.name for entry in home.root.iterdir()] == ["thesis.odt"]


def test_a_wipe_removes_everything(home: Home) -> None:
    home.create()
    (home.root / "postgres" / "data").mkdir(parents=True)
    home.wipe()
    assert not home.root.exists()


def test_a_wipe_of_a_folder_without_the_marker_removes_nothing(home: Home) -> None:
    home.root.mkdir()
    (home.root / "thesis.odt").touch()
    with pytest.raises(LauncherError, match="so it is not removed"):
        home.wipe()
    assert (home.root / "thesis.odt").exists()


def test_a_wipe_follows_no_link_out_of_the_home(home: Home, tmp_path: Path) -> None:
    home.create()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (home.root / "link").symlink_to(elsewhere)
    home.wipe()
    assert (elsewhere / "kept").exists()


def test_a_home_that_can_not_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LauncherError, match="Could not make the folder"):
        Home(tmp_path / "file" / "home").create()


def test_the_home_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOREPLANE_HOME", str(tmp_path / "other"))
    assert Home.from_environment().root == tmp_path / "other"


def test_a_broken_state_file_reads_as_empty(tmp_path: Path) -> None:
    write_json(tmp_path / "state.json", {"a": 1})
    assert read_json(tmp_path / "state.json") == {"a": 1}
    (tmp_path / "state.json").write_text('{"a": ')
    assert read_json(tmp_path / "state.json") == {}
