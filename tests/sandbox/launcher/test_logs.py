"""Log files."""

from pathlib import Path

import pytest

from sandbox.launcher import logs
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.logs import LogFile


def texts(lines: list[str]) -> list[str]:
    """Without the times."""
    return [line.split(" ", 1)[1] for line in lines]


def test_pieces_of_output_become_whole_lines_without_colours(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log")
    for piece in (b"\x1b[32mone\x1b[0m\ntw", b"o\r\nthr", b"ee"):
        log.feed(piece)
    log.flush()
    assert texts(logs.read(tmp_path, "web", 10)) == ["one", "two", "three"]


def test_a_line_that_brings_its_time_has_it_once(tmp_path: Path) -> None:
    echoed: list[str] = []
    log = LogFile(tmp_path / "web.log", echo=echoed.append)
    log.feed(b"\x1b[2m2026-11-23T12:57:35.417516Z\x1b[0m [info     ] health changed\n\n  \n")
    assert logs.read(tmp_path, "web", 10) == ["2026-11-23T12:57:35.417Z [info     ] health changed"]
    assert echoed == ["[info     ] health changed"]


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log")
    log.feed(b"x" * 200_000)
    assert len(log.last) == 1


def test_a_log_never_grows_beyond_its_three_files(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", max_bytes=1000)
    for number in range(200):
        log.write(f"line {number}")
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["web.log", "web.log.1", "web.log.2"]
    assert sum(file.stat().st_size for file in files) < 3300
    assert texts(logs.read(tmp_path, "web", 2)) == ["line 198", "line 199"]
    assert len(logs.read(tmp_path, "web", 1000)) > 50


def test_all_logs_are_merged_by_time_with_the_names(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("2026-01-01T00:00:01.000Z first\n2026-01-01T00:00:03.000Z third\n")
    (tmp_path / "beat.log").write_text("2026-01-01T00:00:02.000Z second\n")
    merged = logs.read(tmp_path, None, 10)
    assert [(line.split("|")[0].strip(), line.rsplit(" ", 1)[1]) for line in merged] == [
        ("web", "first"),
        ("beat", "second"),
        ("web", "third"),
    ]


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "web.log").touch()
    (tmp_path / "beat.log").touch()
    with pytest.raises(LauncherError, match=r"no process named 'webb'; the logs are: beat, web\."):
        logs.read(tmp_path, "webb", 10)


def test_following_goes_on_after_the_file_was_rotated(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", max_bytes=100)
    log.write("before")
    lines = logs.follow(tmp_path, "web", logs.ends(tmp_path), pause=0)
    log.write("after")
    seen = [next(lines)]
    log.write("x" * 100)
    log.write("rotated")
    seen.append(next(lines))
    assert texts(seen) == ["after", "rotated"]


def test_following_finds_a_log_that_appears_later(tmp_path: Path) -> None:
    lines = logs.follow(tmp_path, None, logs.ends(tmp_path), pause=0)
    LogFile(tmp_path / "web.log").write("new")
    assert next(lines).endswith("new")
