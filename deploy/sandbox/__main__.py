"""The command line of the sandbox."""

from __future__ import annotations

import asyncio
import logging
import sys

from sandbox import settings
from sandbox.serve import serve


def main() -> int:
    """Run it; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        asyncio.run(serve(settings.read(sys.argv[1:])))
    except settings.UsageError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
