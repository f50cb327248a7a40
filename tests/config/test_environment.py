"""Secrets may be given as files, so that no process list and no `docker inspect` shows them."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

NAME = "STOREPLANE_ONLY_IN_THIS_TEST"


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Environment.ENVIRON, "files_cache", {})


def test_a_variable_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "secret\n")
    assert Environment().str(NAME) == "secret\n"


def test_a_file_goes_before_the_variable_and_loses_its_last_newline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the\nfile\r\n")
    monkeypatch.setenv(NAME, "from the variable")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert Environment().str(NAME) == "from the\nfile"


def test_a_url_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://ann:s3cret@db:5433/shops\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "url"))
    found = Environment().db_url(NAME)
    assert (found["USER"], found["PASSWORD"], found["PORT"], found["NAME"]) == ("ann", "s3cret", 5433, "shops")


def test_a_file_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "gone"))
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment().str(NAME)
    assert str(refused.value) == (
        f"{NAME}_FILE names '{tmp_path / 'gone'}', which can't be read (No such file or directory); "
        "name another file, or take the variable away."
    )


def test_a_default_is_one_where_neither_is_set() -> None:
    assert Environment().str(NAME, "usual") == "usual"
