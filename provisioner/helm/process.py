"""One program, run to its end or to its deadline, whichever comes first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from provisioner.helm.errors import HelmTimeout

_LAUNCH = Path(__file__).with_name("launch.py")
_running: set[subprocess.Popen[bytes]] = set()
_NOT_FOR_CHILDREN = ("STOREPLANE_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "CELERY_", "OTEL_")


@dataclass(frozen=True)
class Finished:
    """How the program ended, and what it wrote."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run(program: str, argv: list[str], *, stdin: bytes, deadline: float) -> Finished:
    """Runs `program` with `argv` (from argv[0] on) in a process group of its own, dying with this process.

    At the deadline, or when anything is raised here meanwhile, the whole group is killed. Raises HelmTimeout.
    """
    launcher = [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), program, *argv]
    process = subprocess.Popen(
        launcher,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment(dict(os.environ)),
    )
    _running.add(process)
    try:
        stdout, stderr = process.communicate(stdin, timeout=deadline)
    except subprocess.TimeoutExpired:
        raise HelmTimeout(f"Helm was stopped after {deadline:g} s without an answer from the cluster.") from None
    finally:
        _running.discard(process)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return Finished(process.returncode, stdout, stderr)


def abandon() -> None:
    """Kill whatever Helm is doing for this process, which has lost the right to act; may be called from any thread.

    Who called `run` then sees a program that died.
    """
    for process in tuple(_running):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def environment(own: dict[str, str]) -> dict[str, str]:
    """What a child is given: all of our own environment but the platform's settings and secrets.

    The rest stays, since a kubeconfig may name a credential plugin that reads its own variables. Helm keeps what it
    discovered of an API server in files, which belong to the platform's folder rather than to the user's home.
    """
    given = {name: value for name, value in own.items() if not name.startswith(_NOT_FOR_CHILDREN)}
    home = own.get("STOREPLANE_HOME")
    return {"KUBECACHEDIR": str(Path(home) / "cache" / "kube"), **given} if home else given
