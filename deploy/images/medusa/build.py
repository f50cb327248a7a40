"""Build the `/app` folder of the Medusa image: the server with its admin, its packages, pictures and prepared database.

Run as `build.py --node NODE --npm NPM --pgbin POSTGRES_BIN --out FOLDER`, from a checkout or in the Dockerfile.
Standard library only. Does nothing when FOLDER was built from the same inputs.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from build_steps import assemble, database, packages, prune, trial  # noqa: E402
from build_steps.process import BuildError  # noqa: E402

# What the built folder is made of; the rest of this folder (README, Dockerfile, sandbox.toml) is read in place.
INPUTS = [
    "build.py",
    "build_steps",
    "medusa-config.ts",
    "migrate.mjs",
    "package.json",
    "package-lock.json",
    "prepare",
    "prepare.mjs",
    "src",
    "start",
    "start.mjs",
    "state.sql",
    "static",
    "tsconfig.json",
]
STAMP = ".stamp"


def content_hash() -> str:
    """SHA-256 over the names and contents of all inputs."""
    digest = hashlib.sha256()
    for name in INPUTS:
        top = HERE / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(HERE)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_built(out: Path, wanted: str) -> bool:
    """Whether `out` was completed from the inputs with this hash."""
    stamp = out / STAMP
    return stamp.is_file() and stamp.read_text().strip() == wanted


@contextlib.contextmanager
def only_builder(out: Path) -> Iterator[None]:
    """One build for each folder at a time; another one waits here and then finds the work done."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with (out.parent / f".{out.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """An empty folder on the file system of `out`, gone afterwards; also removes those of killed builds."""
    prefix = f".{out.name}-build-"
    for stale in out.parent.glob(f"{prefix}*"):
        database.stop_stale(stale / "server")
        shutil.rmtree(stale, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=out.parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def step(name: str, work: Callable[[], None]) -> None:
    """Run one step and print its name and time."""
    begun = time.monotonic()
    work()
    print(f"step {name} ... {time.monotonic() - begun:.1f} s", flush=True)


@contextlib.contextmanager
def cleaning(folder: Path) -> Iterator[None]:
    """Delete a folder while the build goes on."""
    cleaner = threading.Thread(target=shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, daemon=True)
    cleaner.start()
    try:
        yield
    finally:
        cleaner.join()


def put_in_place(app: Path, out: Path, shop: Path) -> None:
    """Move the finished folder to `out`, by renames; it has no stamp yet, so a killed build is built again."""
    if out.exists():
        out.rename(shop / "old")
    app.rename(out)


def build(args: argparse.Namespace, wanted: str) -> None:
    """All steps, in a folder beside `out` that takes its place at the end."""
    version = json.loads((HERE / "package.json").read_text())["version"]
    tools = packages.Tools(node=args.node, npm=args.npm)
    with workshop(args.out) as shop:
        project, app = shop / "project", shop / "app"
        step("sources", lambda: assemble.copy_sources(HERE, project))
        step("packages", lambda: packages.install(tools, project))
        step("medusa-build", lambda: packages.medusa_build(tools, project))
        step("assemble", lambda: assemble.assemble(HERE, project, app, version))
        if not args.full:
            step("prune", lambda: prune.prune(app, shop / "rubbish"))
        with cleaning(shop / "rubbish"), database.temporary_server(args.pgbin, shop / "server") as server:
            step("migrate", lambda: packages.migrate(tools, app, server.environment()))
            step("seed", lambda: packages.seed(tools, app, server.environment()))
            step("dump", lambda: database.dump(server, HERE / "state.sql", app / "prepared.sql.gz", version))
            step("in-place", lambda: put_in_place(app, args.out, shop))
            step("trial", lambda: trial.first_start(tools, args.out, server))
    (args.out / STAMP).write_text(f"{wanted}\n")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--node", type=Path, required=True, help="the node program, 20 or newer")
    parser.add_argument("--npm", type=Path, required=True, help="the npm program")
    parser.add_argument(
        "--pgbin", type=Path, required=True, help="folder with initdb, pg_ctl, psql and pg_dump, 16 or newer"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to build")
    parser.add_argument("--full", action="store_true", help="keep all packages, also those that only building takes")
    args = parser.parse_args()
    args.out = args.out.absolute()
    return args


def main() -> int:
    """Exit code 0 when built (or nothing to do), 1 with one sentence on failure."""
    args = parse_arguments()
    # As an exception, so that the temporary server and folder go also when the build is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    wanted = content_hash() + ("-full" if args.full else "")
    if is_built(args.out, wanted):
        return 0
    begun = time.monotonic()
    try:
        with only_builder(args.out):
            if not is_built(args.out, wanted):
                build(args, wanted)
    except BuildError as error:
        print(f"medusa image: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"medusa image: {error.strerror} ({error.filename or args.out})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"medusa image: built in {time.monotonic() - begun:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
