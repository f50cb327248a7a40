"""Folders: the project that is built, and the `/app` that comes out of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

PROJECT = ["package.json", "package-lock.json", "tsconfig.json", "medusa-config.ts", "src"]
RUNTIME = ["migrate.mjs", "prepare", "prepare.mjs", "start", "start.mjs", "static"]


def copy(names: list[str], source: Path, target: Path) -> None:
    """Copy files and folders by name into `target`, which is made."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        else:
            shutil.copy2(source / name, target / name)


def copy_sources(here: Path, project: Path) -> None:
    """The sources in a folder of their own: Medusa writes `.medusa/` and types beside them."""
    copy(PROJECT, here, project)


def assemble(here: Path, project: Path, app: Path, version: str) -> None:
    """`/app`: Medusa's built server, the packages, and what Medusa's build leaves out."""
    (project / ".medusa/server").rename(app)
    (project / "node_modules").rename(app / "node_modules")
    copy(RUNTIME, here, app)
    (app / "version.json").write_text(json.dumps({"medusa": version}) + "\n")
