"""Real processes of a platform under test: started, killed by anybody, started again, and surely gone at the end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.chaos.waiting import until

ROOT = Path(__file__).resolve().parents[2]
_LAUNCH = ROOT / "provisioner" / "helm" / "launch.py"
"""Makes a process die with the thread that has started it: tests that are killed leave nobody behind."""
MARK = "CHAOS_RIG"
"""The variable that all processes of a rig carry, so that none can hide."""

_STOPS_WITHIN_SECONDS = 20.0


class Process:
    """One process in a session of its own; its output is appended to a file over all its lives."""

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str], log: Path, ready: str) -> None:
        self.name, self.log, self.lives = name, log, 0
        self._argv, self._env, self._ready = list(argv), dict(env), ready.encode()
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; `is_ready` tells when it serves."""
        self._began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), self._argv[0], *self._argv],
                env=self._env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.lives += 1

    def runs(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Whether this life has said that it serves."""
        with self.log.open("rb") as output:
            output.seek(self._began)
            return self.runs() and self._ready in output.read()

    def kill(self) -> None:
        """SIGKILL the whole group."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it as an operator would; whoever doesn't go in time is killed."""
        if self._process is None:
            return
        if self.runs():
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def tail(self, characters: int = 4000) -> str:
        """The last of what it wrote."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""


class Supervisor:
    """Starts again whoever dies, as an init system or Kubernetes would."""

    def __init__(self) -> None:
        self._processes: list[Process] = []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def keep(self, process: Process) -> None:
        """Start it and keep it."""
        with self._lock:
            process.start()
            self._processes.append(process)

    def release(self, process: Process) -> None:
        """From now on it may stay dead."""
        with self._lock:
            self._processes.remove(process)

    def close(self) -> None:
        """Start nobody any more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            with self._lock:
                for process in self._processes:
                    if not process.runs():
                        process.start()


def marked(mark: str) -> list[psutil.Process]:
    """All living processes that carry the mark, wherever they are in the tree."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def assert_all_gone(mark: str) -> None:
    """Nobody is left; whoever is, is killed first so that a failure leaves no processes behind either."""
    with suppress(AssertionError):
        until(lambda: not marked(mark), "all processes of the rig to end", seconds=10)
    left = [(process.pid, " ".join(process.cmdline())) for process in marked(mark)]
    for process in marked(mark):
        process.kill()
    assert not left, f"processes were left behind: {left}"
