"""Stores a minute through three slots, and what each takes of the workers: `python -m tests.benchmarks.throughput`.

All are asked for at once. Asserts that three are provisioned at a time, never more; and no time.
"""

import argparse
from collections.abc import Sequence

from tests.benchmarks.launched import add_pods, launched


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(words)
    with launched(options.pods) as platform:
        # Only now: what it imports are models.
        from tests.benchmarks.throughput.crowd import run

        print(f"{options.pods} pods; {run(platform, options.stores)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.throughput", description=__doc__)
    parser.add_argument("--stores", type=int, default=10, metavar="N", help="asked for at once (10)")
    add_pods(parser)
    return parser


if __name__ == "__main__":
    main()
