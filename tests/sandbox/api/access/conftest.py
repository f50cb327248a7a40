"""A stand-in that knows some users by their tokens, takes nobody without one for the admin, and keeps a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.api.access.gate import AccessSettings
from tests.sandbox.api.serving import serving

TOKENS = """\
# token,name,uid,groups
root-token,root,1,"system:masters"
ada-token,ada,2,"team,other"
bob-token,bob,3
"""


class Guarded:
    """The stand-in, one client for each user, and what its log tells."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self._log = url, log
        self.root, self.ada, self.bob = (self.client(f"{name}-token") for name in ("root", "ada", "bob"))
        self.nobody = self.client("")

    def client(self, token: str, **headers: str) -> httpx.Client:
        """A client with a token; an empty one is none."""
        told = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers={**told, **headers}, timeout=30)

    def make(self, path: str, body: dict[str, Any]) -> Any:
        """Made by root, who may."""
        made = self.root.post(path, json=body)
        assert made.status_code == 201, made.text
        return made.json()

    def log(self) -> list[Any]:
        """All lines so far."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """New for each test."""
    listed, log = tmp_path / "tokens.csv", tmp_path / "audit.jsonl"
    listed.write_text(TOKENS)
    with serving(access=AccessSettings("anonymous", listed, log)) as served:
        yield Guarded(served.url, log)
