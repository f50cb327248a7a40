"""The processes of the benchmark: an ASGI server as in production, and the clients."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from django.db import connection

from sandbox.launcher.processes import UVICORN_OPTIONS
from tests.services import ROOT

OURS = "config.asgi:application"
PEER = "tests.benchmarks.peers.polling:application"
CLIENTS_EACH = 500
_MIB = 1 << 20

Got = dict[str, Any]


class WebServer:
    """uvicorn with the launcher's own options, on the tests' database and Redis."""

    def __init__(self, application: str, log: Path) -> None:
        self.port = port = _free_port()
        self._argv = [sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port)]
        self._log = log
        self.peak = 0.0
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._argv, *UVICORN_OPTIONS], cwd=ROOT, env=_environment(), stdout=output, stderr=output
            )
        self._seen = psutil.Process(self._process.pid)
        while not _answers(self.port):
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            threading.Event().wait(0.1)

    def kill(self) -> None:
        """As a node that fails: no goodbye to anybody."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in the ordinary way."""
        self._process.terminate()
        self._process.wait(30)

    def memory(self) -> float:
        """Proportional set size in MiB; the greatest so far stays in `peak`."""
        now = self._seen.memory_full_info().pss / _MIB
        self.peak = max(self.peak, now)
        return now

    def cpu(self) -> float:
        """Seconds of all its threads so far."""
        times = self._seen.cpu_times()
        return times.user + times.system


class Clients:
    """Listeners in processes of at most 500 each."""

    def __init__(self, port: int, count: int, folder: Path) -> None:
        self._running = [
            self._start(port, range(count)[first : first + CLIENTS_EACH], folder)
            for first in range(0, count, CLIENTS_EACH)
        ]
        for process, _, _ in self._running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

    def finish(self, wanted: Callable[[int], int], seconds: float, meanwhile: Callable[[], object]) -> list[Got]:
        """What each client got, in the order of their numbers.

        `wanted` is the number of events for which to wait by the client's number, `seconds` how long at most.
        """
        for process, numbers, _ in self._running:
            assert process.stdin is not None
            process.stdin.write(f"{sum(map(wanted, numbers))} {seconds}\n")
            process.stdin.flush()
        for process, _, _ in self._running:
            while process.poll() is None:
                meanwhile()
                threading.Event().wait(0.2)
        return [got for _, _, result in self._running for got in json.loads(result.read_text())]

    def kill(self) -> None:
        """For a run that failed."""
        for process, _, _ in self._running:
            process.kill()
            process.wait()

    def _start(self, port: int, numbers: range, folder: Path) -> "tuple[subprocess.Popen[str], range, Path]":
        result = folder / f"clients-{numbers.start}.json"
        argv = [sys.executable, "-m", "tests.benchmarks.websocket.listeners", f"ws://127.0.0.1:{port}/stores/ws"]
        argv += [str(numbers.start), str(len(numbers)), str(result)]
        process = subprocess.Popen(
            argv, cwd=ROOT, env=_environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return process, numbers, result


def _environment() -> dict[str, str]:
    """The tests' own, but with the test database, where pytest-django has put the records."""
    head, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    path = os.pathsep.join(str(ROOT / name) for name in (".", "platform", "deploy"))
    return {**os.environ, "DATABASE_URL": f"{head}/{connection.settings_dict['NAME']}", "PYTHONPATH": path}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        asked.request("GET", "/health/live")
        asked.getresponse()
    except OSError:
        return False
    except http.client.HTTPException:
        return True
    finally:
        asked.close()
    return True
