"""Buckets: which one a number falls into, and how they add up."""

import pytest

from config.metrics.histograms import bucket_of, cumulative

INF = float("inf")


@pytest.mark.parametrize(("seconds", "bound"), [(0, 1), (1, 1), (1.000001, 5), (5, 5), (5.1, INF), (INF, INF), (-1, 1)])
def test_a_number_falls_into_the_smallest_bucket_that_it_does_not_exceed(seconds: float, bound: float) -> None:
    assert bucket_of(seconds, (1, 5)) == bound


def test_each_bucket_holds_the_smaller_ones_too() -> None:
    assert cumulative({1: 2, 5: 3, INF: 1}, (1, 5)) == [("1.0", 2), ("5.0", 5), ("+Inf", 6)]


def test_nothing_counted_is_zero_in_every_bucket() -> None:
    assert cumulative({}, (1, 5)) == [("1.0", 0), ("5.0", 0), ("+Inf", 0)]


def test_what_was_counted_by_bounds_of_an_earlier_day_goes_to_the_next_larger_one() -> None:
    assert cumulative({2: 4, 7: 1}, (1, 5)) == [("1.0", 0), ("5.0", 4), ("+Inf", 5)]
