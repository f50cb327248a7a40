"""Builds the folder `/app` of the shop's image into `.build/images/storefront`: server.mjs and public/."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[2]
sys.path.insert(0, str(REPO / "frontend"))

from workspace import FRONTEND, Toolchain, main, step  # noqa: E402 - found by the line above

_INPUTS = [
    FRONTEND / "package-lock.json",
    FRONTEND / "tsconfig.base.json",
    FRONTEND / "precompress.mjs",
    FRONTEND / "workspace.py",
    FRONTEND / "storefront",
    HERE / "server.mjs",
    HERE / "site.mjs",
    HERE / "build.py",
]


def _make(tools: Toolchain, folder: Path) -> None:
    public = folder / "public"
    with step("shop"):
        tools.run(tools.npm, "run", "build", "-w", "storefront", "--", "--outDir", str(public), "--emptyOutDir")
        tools.run(tools.node, "precompress.mjs", str(public))
    with step("shop server"):
        tools.run(
            tools.npm, "run", "build:server", "-w", "storefront", "--", "--outDir", str(folder), "--emptyOutDir=false"
        )


if __name__ == "__main__":
    sys.exit(main("the shop", REPO / ".build" / "images" / "storefront", _INPUTS, _make))
