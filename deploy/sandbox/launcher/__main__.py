"""`python -m sandbox.launcher`."""

import sys

from sandbox.launcher.cli import main

if __name__ == "__main__":
    sys.exit(main())
