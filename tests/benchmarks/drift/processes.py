"""The processes of this benchmark: the API server, and a measured child that works when it is told to."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.cluster import address_of
from tests.chaos.processes import Process
from tests.chaos.rig import database_url
from tests.chaos.waiting import until
from tests.services import ROOT

_LOADED_WITHIN_SECONDS = 600.0
READING = frozenset({"get", "list", "watch", "discovery"})


@dataclass(frozen=True)
class Counts:
    """Requests by verb since the server began, and the server's own CPU seconds."""

    calls: dict[str, int] = field(default_factory=dict)
    cpu: float = 0.0

    def since(self, before: "Counts") -> "Counts":
        """What came after."""
        verbs = {*self.calls, *before.calls}
        calls = {verb: self.calls.get(verb, 0) - before.calls.get(verb, 0) for verb in verbs}
        return Counts({verb: number for verb, number in sorted(calls.items()) if number}, self.cpu - before.cpu)

    @property
    def reads(self) -> int:
        """Watches and discovery, too."""
        return sum(number for verb, number in self.calls.items() if verb in READING)

    @property
    def writes(self) -> int:
        """A dry run is none, and is counted with the calls."""
        return sum(number for verb, number in self.calls.items() if verb not in {*READING, "dry run"})

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())


@dataclass(frozen=True)
class Api:
    """An API server with stores in it."""

    stores: int
    kubeconfig: Path

    def counts(self) -> Counts:
        """What it was asked for so far."""
        host, port = address_of(self.kubeconfig)
        with urllib.request.urlopen(f"http://{host}:{port}/benchmark/counts", timeout=60) as answer:
            return Counts(**json.load(answer))


@contextmanager
def api(stores: int, folder: Path) -> Iterator[Api]:
    """The server for the time of a `with`; its start takes half a minute for 10,000 stores."""
    kubeconfig = folder / "kubeconfig"
    argv = [sys.executable, "-m", "tests.benchmarks.drift.api", str(stores), str(kubeconfig)]
    process = Process("api", argv, _environment(), folder / "api.log", "serving")
    process.start()
    try:
        until(
            lambda: process.is_ready() or not process.runs(),
            lambda: f"the API server: {process.tail()}",
            _LOADED_WITHIN_SECONDS,
        )
        assert process.runs(), process.tail()
        yield Api(stores, kubeconfig)
    finally:
        process.stop()


class Child:
    """A measured process: says `{}` when it is ready, and answers each word that it is told by one line of JSON."""

    def __init__(self, module: str, kubeconfig: Path, *arguments: str) -> None:
        env = {**_environment(), "KUBECONFIG": str(kubeconfig), "DATABASE_URL": database_url()}
        self._log = kubeconfig.with_name(f"{module}.log")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=env,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._answer()

    def tell(self, word: str) -> dict[str, Any]:
        """What came of it. Raises RuntimeError with its last words when the process has died."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"{self._process.args!r} ended: {self._log.read_text()[-4000:]}")


@contextmanager
def child(module: str, kubeconfig: Path, *arguments: str) -> Iterator[Child]:
    """One for the time of a `with`."""
    started = Child(module, kubeconfig, *arguments)
    try:
        yield started
    finally:
        started.stop()


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "platform"), str(ROOT / "deploy"), os.environ.get("PYTHONPATH", "")])
    own = {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
    return {**{name: value for name, value in os.environ.items() if name != "KUBECONFIG"}, **own}
