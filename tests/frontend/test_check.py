"""The front ends' own checks: format, strict types and the Vitest tests of both, as `npm run check` runs them."""

import importlib.util
import sys
from pathlib import Path

import pytest

from sandbox.launcher.programs import find_node

FRONTEND = Path(__file__).parents[2] / "frontend"


@pytest.mark.timeout(900)
def test_the_front_ends_pass_their_own_checks() -> None:
    spec = importlib.util.spec_from_file_location("workspace", FRONTEND / "workspace.py")
    assert spec is not None
    assert spec.loader is not None
    workspace = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = workspace
    spec.loader.exec_module(workspace)

    node = find_node()
    tools = workspace.Toolchain(node=str(node.node), npm=str(node.npm))
    workspace.install(tools)
    # Raises BuildFailed with the end of the output, which names what is wrong.
    tools.run(tools.npm, "run", "check")
