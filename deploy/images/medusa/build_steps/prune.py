"""Leaves in `node_modules` what a running store may load, which is a fifth of what building one takes."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from build_steps.process import BuildError

# What the app's own programs ask for by name.
ROOTS = ["@medusajs/medusa", "@medusajs/framework", "@medusajs/cli", "pg"]

# Asked for by a package that is needed, but not by anything of it that runs on the server: the admin's screens
# (compiled into public/), compilers, and exporters and clients that only their own settings would load.
UNUSED = [
    "@ariakit/*",
    "@aws-sdk/client-dynamodb",
    "@hookform/*",
    "@jercle/yargonaut",
    "@medusajs/admin-sdk",
    "@medusajs/admin-vite-plugin",
    "@medusajs/dashboard",
    "@medusajs/icons",
    "@medusajs/js-sdk",
    "@medusajs/ui",
    "@mikro-orm/cli",
    "@opentelemetry/sdk-node",
    "@swc/core",
    "@tanstack/*",
    "@types/*",
    "@uiw/*",
    "@vitejs/*",
    "autoprefixer",
    "date-fns",
    "esbuild",
    "postcss",
    "posthog-node",
    "radix-ui",
    "react",
    "react-*",
    "tailwindcss",
    "ts-node",
    "typescript",
    "vite",
    "yalc",
]
# Never read by Node; licences stay.
LEFT_OUT_FILES = (".map", ".d.ts", ".d.mts", ".d.cts", ".tsbuildinfo", ".md", ".markdown")


def prune(app: Path, rubbish: Path) -> None:
    """Move packages that nothing needed leads to into `rubbish`, and delete files that Node never reads.

    Moved and not deleted: deleting 500 MB of small files takes a minute on a busy disk, and can be done meanwhile.
    """
    modules = app / "node_modules"
    kept = needed(app)
    rubbish.mkdir()
    for number, package in enumerate(list(packages(modules))):
        # A needed package may lie inside one that is not: a version that only its neighbours see.
        if package.exists() and not any(one.is_relative_to(package) for one in kept):
            package.rename(rubbish / str(number))
    shutil.rmtree(modules / ".bin", ignore_errors=True)
    for folder, _, files in os.walk(modules):
        for name in files:
            if name.endswith(LEFT_OUT_FILES):
                Path(folder, name).unlink()


def needed(app: Path) -> set[Path]:
    """The folders of all packages that ROOTS lead to without passing through UNUSED."""
    found: set[Path] = set()
    waiting = [(app, name) for name in ROOTS]
    while waiting:
        asker, name = waiting.pop()
        package = _resolve(app, asker, name)
        if package is None and asker == app:
            raise BuildError(f"the package {name} is not in {app / 'node_modules'}")
        if package is None or package in found:
            continue
        found.add(package)
        waiting += [(package, one) for one in _asked_for(package) if not _is_unused(one)]
    return found


def packages(modules: Path) -> Iterator[Path]:
    """Every package folder below `modules`, those inside other packages too."""
    if not modules.is_dir():
        return
    for entry in sorted(modules.iterdir()):
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        for package in sorted(entry.iterdir()) if entry.name.startswith("@") else [entry]:
            yield package
            yield from packages(package / "node_modules")


def _resolve(app: Path, asker: Path, name: str) -> Path | None:
    """Node's own search: `node_modules` of the asker, then of each folder above it."""
    for folder in [asker, *asker.parents]:
        candidate = folder / "node_modules" / name
        if (candidate / "package.json").is_file():
            return candidate
        if folder == app:
            break
    return None


def _asked_for(package: Path) -> set[str]:
    description = json.loads((package / "package.json").read_text())
    kinds = ["dependencies", "optionalDependencies", "peerDependencies"]
    return {name for kind in kinds for name in description.get(kind) or {}}


def _is_unused(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in UNUSED)
