"""The pinned uv, for what makes further environments from uv.lock."""

import runpy
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[1]


def find_uv() -> Path:
    """Path of the program, fetched as `./storeplane` does when it isn't there, also beside an environment that is.

    Raises the script's BootstrapError, with a sentence, when PyPI has none to give.
    """
    return Path(runpy.run_path(str(_CHECKOUT / "storeplane"))["find_uv"]())
