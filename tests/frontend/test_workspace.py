"""The build of the front ends: done once, in one piece, and with one sentence when it fails."""

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _load(path: Path) -> ModuleType:
    """The module of a script, which is no part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


workspace = _load(ROOT / "frontend" / "workspace.py")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.ts").write_text("one")
    (folder / "node_modules").mkdir()
    return folder


def _hash(inputs: Path) -> str:
    digest: str = workspace.content_hash([inputs], base=inputs)
    return digest


def test_the_hash_follows_names_and_contents_and_nothing_else(inputs: Path) -> None:
    before = _hash(inputs)
    (inputs / "node_modules" / "package.js").write_text("installed")
    (inputs / "src" / "main.ts").touch()
    assert _hash(inputs) == before

    (inputs / "src" / "main.ts").write_text("two")
    changed = _hash(inputs)
    (inputs / "src" / "main.ts").rename(inputs / "src" / "other.ts")
    assert len({before, changed, _hash(inputs)}) == 3


def _write(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "index.html").write_text(text)

    return make


def test_a_build_is_done_once_for_the_same_inputs(tmp_path: Path) -> None:
    out = tmp_path / "out" / "dashboard"
    assert workspace.build(out, "inputs-1", _write("first"))
    assert not workspace.build(out, "inputs-1", _write("second"))
    assert (out / "index.html").read_text() == "first"
    assert workspace.build(out, "inputs-2", _write("third"))
    assert (out / "index.html").read_text() == "third"


def test_a_failed_build_leaves_the_last_good_one_and_nothing_half_made(tmp_path: Path) -> None:
    out = tmp_path / "out" / "dashboard"
    workspace.build(out, "inputs-1", _write("good"))

    def break_off(folder: Path) -> None:
        (folder / "index.html").write_text("half")
        raise workspace.BuildFailed("vite gave up.")

    with pytest.raises(workspace.BuildFailed):
        workspace.build(out, "inputs-2", break_off)
    assert (out / "index.html").read_text() == "good"
    assert [path.name for path in out.parent.iterdir() if path.is_dir()] == ["dashboard"]


def test_of_two_builds_at_once_the_second_finds_the_work_done(tmp_path: Path) -> None:
    out = tmp_path / "out" / "dashboard"
    first_works, second_comes = threading.Event(), threading.Event()
    made: list[bool] = []

    def make(folder: Path) -> None:
        first_works.set()
        assert second_comes.wait(60)
        (folder / "index.html").write_text("built")

    first = threading.Thread(target=lambda: made.append(workspace.build(out, "inputs", make)))
    first.start()
    assert first_works.wait(60)
    second_comes.set()
    made.append(workspace.build(out, "inputs", make))
    first.join()
    assert sorted(made) == [False, True]


@pytest.mark.parametrize("script", ["frontend/build.py", "deploy/images/storefront/build.py"])
def test_a_missing_npm_is_told_in_one_sentence(script: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # A checkout of its own: the packages of this one may be installed already.
    for part in ("frontend", "deploy/images/storefront"):
        for file in (ROOT / part).glob("*.*"):
            copy = tmp_path / part / file.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if file.is_file():
                copy.write_bytes(file.read_bytes())
    for app in ("storefront", "dashboard"):
        (tmp_path / "frontend" / app).mkdir()
        (tmp_path / "frontend" / app / "package.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, str(tmp_path / script), "--npm", "/no/such/npm", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "'/no/such/npm' could not be started: No such file or directory." in done.stderr
    assert not out.exists()
