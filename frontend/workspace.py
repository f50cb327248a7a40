"""The npm workspace of the two front ends: installing it once, and building one app into a folder as a whole.

Used by `frontend/build.py` (dashboard) and `deploy/images/storefront/build.py`. Both may run at the same time: the
install is guarded by a file lock, and a finished folder takes the old one's place by renaming.
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
REPO = FRONTEND.parent
STAMP = ".stamp"
_IGNORED = {"node_modules", "dist", "__pycache__", ".vite"}


class BuildFailed(Exception):
    """A build that can't be finished; the message is one sentence for a person."""


@dataclass(frozen=True)
class Toolchain:
    """The programs of one Node."""

    node: str
    npm: str

    def environment(self) -> dict[str, str]:
        """This process's environment with the chosen `node` first in PATH, as npm's scripts look it up there."""
        env = dict(os.environ)
        env["PATH"] = f"{Path(self.node).absolute().parent}{os.pathsep}{env.get('PATH', '')}"
        env["CI"] = "1"
        env["npm_config_update_notifier"] = "false"
        return env

    def run(self, *words: str, cwd: Path = FRONTEND) -> None:
        """Runs one command; raises BuildFailed with the end of what it printed."""
        try:
            done = subprocess.run(
                words, cwd=cwd, env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                check=False,
            )  # fmt: skip
        except OSError as error:
            raise BuildFailed(f"'{words[0]}' could not be started: {error.strerror}.") from error
        if done.returncode != 0:
            tail = "\n".join(done.stdout.strip().splitlines()[-25:])
            raise BuildFailed(f"'{' '.join(words)}' failed with exit code {done.returncode}:\n{tail}")


def content_hash(inputs: Iterable[Path], *, base: Path = REPO) -> str:
    """SHA-256 over the names and contents of files and of everything in folders, in a fixed order."""
    digest = hashlib.sha256()
    for file in sorted(_files(inputs)):
        digest.update(f"{file.relative_to(base)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_file():
            yield path
        else:
            for folder, folders, names in os.walk(path):
                folders[:] = [name for name in folders if name not in _IGNORED]
                yield from (Path(folder, name) for name in names)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Prints `step name ... 12.3 s` around a piece of work."""
    print(f"step {name} ...", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def install(tools: Toolchain) -> None:
    """Installs the packages of the lock file unless they are there. Two builds may call it at once."""
    manifests = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    manifests += [FRONTEND / app / "package.json" for app in ("storefront", "dashboard")]
    # Some packages are native: a checkout carried to another machine installs anew.
    wanted = f"{content_hash(manifests)} {sys.platform} {platform.machine()}\n"
    stamp = FRONTEND / "node_modules" / STAMP
    with _locked(FRONTEND / ".install.lock"):
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        with step("npm packages"):
            stamp.unlink(missing_ok=True)
            # Nothing here needs an install script of a package.
            tools.run(tools.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
            stamp.write_text(wanted)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(out: Path, wanted: str, make: Callable[[Path], None]) -> bool:
    """Fills `out` by `make(folder)` unless it was made from inputs with the hash `wanted`; returns whether it had to.

    `make` works in a folder beside `out`, which takes its place at the end: a killed build leaves `out` as it was.
    """
    stamp = out / STAMP
    if stamp.is_file() and stamp.read_text().strip() == wanted:
        return False
    out.parent.mkdir(parents=True, exist_ok=True)
    with _locked(out.parent / f".{out.name}.lock"):
        if stamp.is_file() and stamp.read_text().strip() == wanted:
            return False
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.new-", dir=out.parent))
        try:
            make(temporary)
            (temporary / STAMP).write_text(f"{wanted}\n")
            temporary.chmod(0o755)
            _replace(out, temporary)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return True


def _replace(out: Path, new: Path) -> None:
    """Puts `new` in the place of `out`. A reader sees the old folder, for an instant none, then the new one."""
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old-", dir=out.parent))
    if out.exists():
        out.rename(old / out.name)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def main(what: str, default_out: Path, inputs: Iterable[Path], make: Callable[[Toolchain, Path], None]) -> int:
    """The command line that both build scripts share; returns the exit code."""
    parser = argparse.ArgumentParser(description=f"Builds {what}; does nothing when it is up to date.")
    parser.add_argument("--node", default="node", help="the node program (20.19 or later, or 22.12 or later)")
    parser.add_argument("--npm", default="npm", help="the npm program")
    parser.add_argument("--out", type=Path, default=default_out, help="the folder to make")
    given = parser.parse_args()
    tools = Toolchain(node=shutil.which(given.node) or given.node, npm=shutil.which(given.npm) or given.npm)

    def make_with_packages(folder: Path) -> None:
        install(tools)
        make(tools, folder)

    try:
        made = build(given.out.resolve(), content_hash(inputs), make_with_packages)
    except (BuildFailed, OSError) as error:
        print(f"{what} could not be built: {error}", file=sys.stderr)
        return 1
    print(f"{what} {'is built' if made else 'is up to date'}: {given.out}")
    return 0
