"""build.py's promises about failures, killed builds and the dump; the build itself is tested by what it made."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from build_steps.database import portable, stop_stale
from build_steps.packages import Tools, _why_not_installed
from build_steps.process import BuildError, run
from build_steps.prune import needed, prune
from tests.images.medusa.conftest import PGBIN
from tests.images.medusa.store import IMAGE_SOURCE, NODE


def build(out: Path, **tools: Path) -> "subprocess.CompletedProcess[str]":
    """build.py with programs of the test's choice."""
    chosen = {"node": NODE, "npm": Path("/bin/false"), "pgbin": PGBIN, **tools}
    options = [word for name, value in chosen.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(IMAGE_SOURCE / "build.py"), *options, "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_a_build_of_what_is_built_already_prints_nothing(image: Path) -> None:
    done = build(image)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_failed_build_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    done = build(tmp_path / "medusa")

    assert done.returncode == 1
    assert "medusa image: npm install failed with exit code 1" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".medusa.lock"]


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    done = build(tmp_path / "medusa", npm=Path("/nowhere/npm"))

    assert done.returncode == 1
    assert done.stderr == "medusa image: npm install: /nowhere/npm can't be run: No such file or directory\n"


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path: Path) -> None:
    stale = tmp_path / ".medusa-build-killed"
    (stale / "project").mkdir(parents=True)

    build(tmp_path / "medusa")

    assert not stale.exists()


def test_the_server_of_a_killed_build_is_ended_by_the_next(tmp_path: Path) -> None:
    note = tmp_path / "server"
    script = (
        f"import sys; sys.path.insert(0, {str(IMAGE_SOURCE)!r})\n"
        "from pathlib import Path\n"
        "from build_steps.database import temporary_server\n"
        f"with temporary_server(Path({str(PGBIN)!r}), Path({str(note)!r})):\n"
        "    print('up', flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"up\n"
        pid, folder = note.read_text().split()
        server = os.pidfd_open(int(pid))
        builder.send_signal(signal.SIGKILL)

    stop_stale(note)

    # A pidfd becomes readable when its process has ended.
    assert select.select([server], [], [], 30)[0]
    os.close(server)
    assert not Path(folder).exists()


def test_a_number_that_went_to_another_process_is_left_alone(tmp_path: Path) -> None:
    note = tmp_path / "server"
    with subprocess.Popen(["sleep", "60"]) as bystander:
        note.write_text(f"{bystander.pid} {tmp_path / 'medusa-pg-gone'}")

        stop_stale(note)

        assert bystander.poll() is None
        bystander.kill()


def test_a_dump_becomes_one_text_for_one_transaction() -> None:
    dump = (
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET statement_timeout = 0;\n"
        "SET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n"
        "CREATE TABLE public.t (a text);\nSET default_tablespace = '';\n"
        "INSERT INTO public.t VALUES ('\nSET a = b');\n\\unrestrict abc\n"
    )

    sql = portable(dump)

    assert "restrict" not in sql
    assert "SET LOCAL statement_timeout = 0;" in sql
    assert "transaction_timeout" not in sql
    assert "set_config('search_path', '', true)" in sql
    assert "SET LOCAL default_tablespace" in sql
    assert "('\nSET a = b')" in sql


def test_a_download_that_failed_is_named() -> None:
    output = (
        "npm http fetch GET https://registry.npmjs.org/pg/-/pg-8.16.3.tgz attempt 3 failed with ENOTFOUND\n"
        "npm error Exit handler never called!\n"
    )

    reason = _why_not_installed(output)

    assert reason.startswith("https://registry.npmjs.org/pg/-/pg-8.16.3.tgz can't be had (ENOTFOUND)")


def test_the_builders_own_database_does_not_reach_medusa(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    monkeypatch.setenv("REDIS_URL", "redis://somewhere")

    environment = Tools(NODE, Path("/bin/false")).environment()

    assert "DATABASE_URL" not in environment
    assert "REDIS_URL" not in environment


def test_the_end_of_a_failed_programs_output_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"(?s)a program failed with exit code 7:.*last words"):
        run(["sh", "-c", "echo last words; exit 7"], cwd=tmp_path, env=dict(os.environ), what="a program")


def test_pruning_keeps_what_is_resolved_and_drops_the_rest(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    for name, asks in {
        "@medusajs/medusa": ["wanted", "react", "@types/node"],
        "@medusajs/framework": [],
        "@medusajs/cli": [],
        "pg": [],
        "wanted": ["nested"],
        "wanted/node_modules/nested": [],
        "nested": [],
        "react": [],
        "@types/node": [],
    }.items():
        (modules / name).mkdir(parents=True, exist_ok=True)
        dependencies = ", ".join(f'"{one}": "1"' for one in asks)
        (modules / name / "package.json").write_text(f'{{"dependencies": {{{dependencies}}}}}')
    (modules / "wanted/index.js").touch()
    (modules / "wanted/index.d.ts").touch()

    prune(tmp_path, tmp_path / "rubbish")

    left = {str(path.relative_to(modules)) for path in needed(tmp_path)}
    assert left == {
        "@medusajs/medusa",
        "@medusajs/framework",
        "@medusajs/cli",
        "pg",
        "wanted",
        "wanted/node_modules/nested",
    }
    assert not (modules / "nested").exists()
    assert not (modules / "react").exists()
    assert (modules / "wanted/index.js").exists()
    assert not (modules / "wanted/index.d.ts").exists()
