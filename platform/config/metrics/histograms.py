"""Prometheus histograms from numbers that were counted elsewhere."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from prometheus_client.utils import INF, floatToGoString


def bucket_of(seconds: float, bounds: Sequence[float]) -> float:
    """The smallest upper bound that `seconds` doesn't exceed; infinity past the last. `bounds` are ascending."""
    place = bisect_left(bounds, seconds)
    return bounds[place] if place < len(bounds) else INF


def cumulative(counted: Mapping[float, int], bounds: Sequence[float]) -> list[tuple[str, float]]:
    """Buckets as Prometheus wants them, each holding all smaller ones, from counts by upper bound.

    Counts by a bound that is no longer among `bounds` go to the next larger one, so nothing is lost when they change.
    """
    edges = [*bounds, INF]
    held = dict.fromkeys(edges, 0)
    for bound, count in counted.items():
        held[bucket_of(bound, bounds)] += count
    total = 0
    buckets: list[tuple[str, float]] = []
    for edge in edges:
        total += held[edge]
        buckets.append((floatToGoString(edge), total))  # type: ignore[no-untyped-call]
    return buckets
