"""What `docker-entrypoint.sh` of the official image does, for the sandbox: make the database once, then be the server.

Reads POSTGRES_PASSWORD (needed at the first start), POSTGRES_USER, POSTGRES_DB, PGDATA as the image does, and
SANDBOX_LISTEN, SANDBOX_PGBIN, SANDBOX_TEMPLATES from sandbox.toml. Arguments: `postgres` and its options.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # python -I leaves the script's folder out

import privileges

# Small, and as durable as a real server. A socket's path would be longer than 107 bytes.
SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "fsync": "on",
    "jit": "off",
    "huge_pages": "off",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "0",
    "unix_socket_directories": "",
    "log_line_prefix": "%m [%p] ",
    "password_encryption": "scram-sha-256",
}
INITDB = ("--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
HBA = "# Written by the sandbox: every connection needs the password.\nhost all all all scram-sha-256\n"


class StartError(Exception):
    """The server can't start; one sentence for the log."""


def main() -> None:
    """Prepare PGDATA, then become the server."""
    pgdata = Path(os.environ["PGDATA"])
    pgbin = Path(os.environ["SANDBOX_PGBIN"])
    pgdata.parent.mkdir(parents=True, exist_ok=True)
    remove_stale_lock(pgdata)  # before the drop, since afterwards other processes can't be looked at
    way = privileges.drop(pgdata.parent)
    if way:
        tell(f"running as an unprivileged user by {way}")
    if not (pgdata / "PG_VERSION").exists():
        started = time.monotonic()
        create(pgdata, pgbin)
        tell(f"database made in {time.monotonic() - started:.2f} s")
    pgdata.chmod(0o700)
    words = sys.argv[2:] if sys.argv[1:2] == ["postgres"] else sys.argv[1:]
    server = [str(pgbin / "postgres"), "-D", str(pgdata), *options(os.environ["SANDBOX_LISTEN"]), *words]
    os.execv(server[0], server)  # noqa: S606 - our own program


def tell(line: str) -> None:
    """A line of the container's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def options(listen: str) -> Iterator[str]:
    """Settings as arguments, so that they also hold for a PGDATA made by an earlier version."""
    for name, value in {**SETTINGS, "listen_addresses": listen}.items():
        yield from ("-c", f"{name}={value}")


def create(pgdata: Path, pgbin: Path) -> None:
    """Make PGDATA with the wanted role and database; it appears whole, by a rename, or not at all."""
    password = os.environ.get("POSTGRES_PASSWORD", "")
    if not password:
        raise StartError("Database is uninitialized and superuser password is not specified: set POSTGRES_PASSWORD.")
    fresh = Path(tempfile.mkdtemp(prefix=".making-", dir=pgdata.parent))
    try:
        copy_template(pgbin, fresh / "pgdata")
        user = os.environ.get("POSTGRES_USER") or "postgres"
        run_single(pgbin, fresh / "pgdata", statements(user, os.environ.get("POSTGRES_DB") or user, password))
        (fresh / "pgdata" / "pg_hba.conf").write_text(HBA)
        if pgdata.exists():
            pgdata.rmdir()  # an empty mount; anything in it is not ours to remove
        (fresh / "pgdata").rename(pgdata)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def statements(user: str, database: str, password: str) -> list[str]:
    """SQL for the role and the database of the image's interface."""
    for name, value in {"POSTGRES_USER": user, "POSTGRES_DB": database, "POSTGRES_PASSWORD": password}.items():
        if "\n" in value or "\0" in value:
            raise StartError(f"{name} must not hold a line break.")
    secret = password.replace("'", "''")
    verb = "ALTER" if user == "postgres" else "CREATE"
    made = [f"{verb} ROLE {quoted(user)} SUPERUSER LOGIN PASSWORD '{secret}';"]
    if database != "postgres":
        made.append(f"CREATE DATABASE {quoted(database)} OWNER {quoted(user)};")
    return made


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def run_single(pgbin: Path, pgdata: Path, sql: list[str]) -> None:
    """Run SQL without a server. Standard-conforming strings are the default, so quotes are all there is to escape."""
    command = [str(pgbin / "postgres"), "--single", "-D", str(pgdata), "-c", "password_encryption=scram-sha-256"]
    # log_min_error_statement: a failing statement must not write the password to the log.
    command += ["-c", "log_min_error_statement=panic", "-c", "log_min_messages=error", "postgres"]
    done = subprocess.run(command, input="\n".join(sql) + "\n", text=True, capture_output=True, check=False)
    if done.returncode or "ERROR:" in done.stderr:
        raise StartError(f"The role or the database could not be made: {done.stderr.strip()}")


def copy_template(pgbin: Path, target: Path) -> None:
    """A fresh PGDATA: initdb once for this machine, a copy from then on; initdb itself where nothing can be kept."""
    version = subprocess.run([str(pgbin / "postgres"), "--version"], capture_output=True, text=True, check=True)
    name = "pgdata-" + version.stdout.strip().rpartition(" ")[2]
    try:
        template = Path(os.environ["SANDBOX_TEMPLATES"]) / name
        ensure_template(pgbin, template)
        shutil.copytree(template, target, symlinks=True)
    except OSError:
        shutil.rmtree(target, ignore_errors=True)
        initdb(pgbin, target)
    target.chmod(0o700)


def ensure_template(pgbin: Path, template: Path) -> None:
    """Make the template if it isn't there; several pods that start at once make one."""
    if template.is_dir():
        return
    template.parent.mkdir(parents=True, exist_ok=True)
    with template.with_name(f"{template.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if template.is_dir():
            return
        fresh = Path(tempfile.mkdtemp(prefix=".making-", dir=template.parent))
        try:
            initdb(pgbin, fresh / "pgdata")
            (fresh / "pgdata").rename(template)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def initdb(pgbin: Path, target: Path) -> None:
    """PostgreSQL's own; takes one to two seconds."""
    command = [str(pgbin / "initdb"), "-D", str(target), *INITDB]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"initdb failed: {done.stderr.strip()}")


def remove_stale_lock(pgdata: Path) -> None:
    """After an unclean stop the lock names a process that is gone, or that is now something else.

    PostgreSQL would refuse to start when any process has that number; only a server on this very PGDATA counts here.
    """
    lock = pgdata / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        if pid == os.getpid():
            lock.unlink()
            return
        try:
            holder = Path(f"/proc/{pid}/cwd").resolve(strict=True)
        except (FileNotFoundError, PermissionError):
            holder = None  # gone, or somebody else's, and so no server on a folder that only we may enter
        if holder != pgdata.resolve():
            lock.unlink()


if __name__ == "__main__":
    try:
        main()
    except (StartError, privileges.PrivilegeError, KeyError, OSError) as problem:
        sys.exit(f"entrypoint: {problem}")
