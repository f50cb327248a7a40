"""The images of others that we stand on are pinned by digest, and can be moved to what their tags point to now."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "deploy" / "images" / "pins.py"
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
_IMAGE = re.compile(r"^(?:FROM|\s*(?:-\s+)?image:)\s+(?!\{)(\S+)", re.MULTILINE)


def image_files() -> list[Path]:
    patterns = (
        "deploy/images/*/Dockerfile",
        "docker-compose.dev.yml",
        "deploy/kind/*.yaml",
        "deploy/chart/values*.yaml",
    )
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def that_name_images() -> list[Path]:
    """The charts' values name theirs by other keys: of those only the digests are held against each other, below."""
    return [path for path in image_files() if _IMAGE.search(path.read_text())]


@pytest.mark.parametrize("path", that_name_images(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_image_of_others_is_pinned_by_digest(path: Path) -> None:
    text = path.read_text()
    stages = set(re.findall(r"^FROM .* AS (\S+)$", text, re.MULTILINE))
    named = {name for name in _IMAGE.findall(text) if name not in stages and not name.startswith("storeplane/")}
    assert {name for name in named if not re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", name)} == set()


def test_one_name_and_tag_is_one_digest_everywhere() -> None:
    digests: dict[str, set[str]] = {}
    for path in image_files():
        for tagged, digest in re.findall(r"([\w./-]+:[\w.-]+)@(sha256:[0-9a-f]{64})", path.read_text()):
            digests.setdefault(tagged, set()).add(digest)
    assert digests
    assert {tagged for tagged, found in digests.items() if len(found) > 1} == set()


class Registry(BaseHTTPRequestHandler):
    """A mock of a registry, with the token that the protocol asks for: the real ones can't be reached from here."""

    def do_GET(self) -> None:
        """The token's address."""
        assert self.path == "/token?service=registry&scope=repository%3Abase%2Fpython%3Apull"
        self._send(200, {}, json.dumps({"token": "for-everybody"}).encode())

    def do_HEAD(self) -> None:
        """The manifest's digest, for whoever has the token."""
        if self.headers["Authorization"] != "Bearer for-everybody":
            realm = f'realm="http://127.0.0.1:{self.server.server_address[1]}/token"'
            scope = 'service="registry",scope="repository:base/python:pull"'
            self._send(401, {"WWW-Authenticate": f"Bearer {realm},{scope}"})
        elif self.path == "/v2/base/python/manifests/3.12":
            self._send(200, {"Docker-Content-Digest": NEW})
        else:
            self._send(404, {})

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def _send(self, code: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def registry() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PINS), "--root", str(root), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def pinned(root: Path, image: str) -> Path:
    path = root / "deploy" / "images" / "platform" / "Dockerfile"
    path.parent.mkdir(parents=True)
    path.write_text(f"FROM {image} AS build\nRUN true\n\nFROM {image}\nUSER 1000\n")
    return path


def test_a_pin_behind_its_tag_is_told_and_moved_when_asked(registry: str, tmp_path: Path) -> None:
    path = pinned(tmp_path, f"{registry}/base/python:3.12@{OLD}")

    told = run(tmp_path)
    assert (told.returncode, told.stdout) == (1, f"{registry}/base/python:3.12 is behind: {NEW}\n")
    assert OLD in path.read_text()

    assert run(tmp_path, "--write").returncode == 0
    image = f"{registry}/base/python:3.12@{NEW}"
    assert path.read_text() == f"FROM {image} AS build\nRUN true\n\nFROM {image}\nUSER 1000\n"
    assert run(tmp_path).stdout == f"{registry}/base/python:3.12 is up to date\n"


def test_a_tag_that_is_not_there_changes_nothing(registry: str, tmp_path: Path) -> None:
    path = pinned(tmp_path, f"{registry}/base/python:9@{OLD}")
    before = path.read_text()

    done = run(tmp_path, "--write")

    assert done.returncode == 2
    assert "the registry can't be asked (HTTP Error 404: Not Found)" in done.stderr
    assert path.read_text() == before
