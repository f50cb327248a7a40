"""A PostgreSQL server for the minute in which the prepared database is made, and the dump of it."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from build_steps.process import BuildError

NAME = "medusa"
# PostgreSQL refuses to run as root; 65534 is `nobody` on every Linux, and initdb needs a user with a name.
NOBODY = 65534
FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off"


@dataclass(frozen=True)
class Server:
    """Where the temporary server listens, and how to run its client programs."""

    pgbin: Path
    port: int
    password: str

    def environment(self) -> dict[str, str]:
        """For Medusa and for libpq's programs alike."""
        return {
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": NAME,
            "DATABASE_USER": NAME,
            "DATABASE_PASSWORD": self.password,
        }

    def client(self, program: str, *words: str | Path) -> bytes:
        """The standard output of `psql` or `pg_dump`, connected to the database."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", NAME, "-d", NAME]
        return _output([self.pgbin / program, *where, *words], env={**os.environ, "PGPASSWORD": self.password})


def _output(command: list[str | Path], *, env: dict[str, str] | None = None) -> bytes:
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{command[0]} can't be run: {error}") from error
    if done.returncode != 0:
        text = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise BuildError(f"{Path(command[0]).name} failed with exit code {done.returncode}: {text}")
    return done.stdout


def _unprivileged(folder: Path) -> list[str | Path]:
    """Words before a command that must not be root; empty for an ordinary user."""
    if os.geteuid() != 0:
        return []
    # A user namespace first: the programs may lie in a folder that only root can enter.
    unshare: list[str | Path] = ["unshare", "--user", f"--map-user={NOBODY}"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
        return unshare
    for path in [folder, *folder.iterdir()]:
        os.chown(path, NOBODY, NOBODY)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def stop_stale(note: Path) -> None:
    """End the server of a build that was killed, if `note` names one that still runs."""
    with contextlib.suppress(OSError, ValueError):
        pid, folder = note.read_text().split()
        # The number may have gone to another process since; ours names its folder.
        if folder in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(int(pid), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def temporary_server(pgbin: Path, note: Path | None = None) -> Iterator[Server]:
    """A server with an empty database, stopped and removed afterwards; `note` is for `stop_stale`."""
    if not (pgbin / "initdb").is_file():
        raise BuildError(f"no PostgreSQL in {pgbin}: --pgbin must name the folder that has initdb, pg_ctl and pg_dump")
    # In /tmp: a unix socket's path may be 107 bytes long, a checkout's may be longer.
    folder = Path(tempfile.mkdtemp(prefix="medusa-pg-", dir="/tmp"))
    server = Server(pgbin, free_port(), secrets.token_hex(16))
    (folder / "password").write_text(server.password)
    data = folder / "data"
    prefix = _unprivileged(folder)
    control: list[str | Path] = [*prefix, pgbin / "pg_ctl", "-D", data, "-w", "-s"]
    options = f"-h 127.0.0.1 -p {server.port} -k {folder} {FAST}"
    try:
        init = ["--auth=scram-sha-256", f"--pwfile={folder}/password", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _output([*prefix, pgbin / "initdb", "-D", data, "-U", NAME, *init])
        try:
            _output([*control, "-l", folder / "log", "-o", options, "start"])
            if note is not None:
                note.write_text(f"{(data / 'postmaster.pid').read_text().split()[0]} {folder}")
            _output(
                [pgbin / "createdb", "-h", "127.0.0.1", "-p", str(server.port), "-U", NAME, NAME],
                env={**os.environ, "PGPASSWORD": server.password},
            )
            yield server
        finally:
            with contextlib.suppress(BuildError):
                _output([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def portable(sql: str) -> str:
    """A plain dump as one text for one transaction over any client.

    pg_dump writes psql's own commands (`\\restrict`, since the fix of CVE-2025-8714), which no server knows, and
    settings for the whole session, which are bound to the transaction here.
    """
    sql = re.sub(r"^\\(un)?restrict .*\n", "", sql, flags=re.MULTILINE)
    head, separator, rest = sql.partition("\nCREATE ")
    head = re.sub(r"^SET ", "SET LOCAL ", head, flags=re.MULTILINE)
    # Unknown to servers before 17.
    head = re.sub(r"^SET LOCAL transaction_timeout.*\n", "", head, flags=re.MULTILINE)
    head = head.replace("set_config('search_path', '', false)", "set_config('search_path', '', true)")
    rest = re.sub(r"^SET default_", "SET LOCAL default_", rest, flags=re.MULTILINE)
    return head + separator + rest


def dump(server: Server, state: Path, target: Path, version: str) -> None:
    """Add Storeplane's own table, and write the whole database to `target`, compressed."""
    server.client("psql", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"version={version}", "-f", state)
    options = ["--inserts", "--rows-per-insert=500", "--no-owner", "--no-privileges", "--no-comments"]
    sql = portable(server.client("pg_dump", *options).decode())
    # No time and no name inside: the same database gives the same file.
    target.write_bytes(gzip.compress(sql.encode(), compresslevel=9, mtime=0))
