"""Resource quantities."""

from decimal import Decimal

import pytest

from sandbox.api.quantity import canonical, is_quantity, parse


@pytest.mark.parametrize(
    ("text", "amount", "written"),
    [
        ("500m", "0.5", "500m"),
        ("0.5", "0.5", "500m"),
        ("1024Mi", "1073741824", "1Gi"),
        ("1000Mi", "1048576000", "1000Mi"),
        ("1.5Gi", "1610612736", "1536Mi"),
        ("2", "2", "2"),
        ("1000", "1000", "1k"),
        ("100M", "100000000", "100M"),
        ("0", "0", "0"),
        (0.1, "0.1", "100m"),
        (3, "3", "3"),
        ("1e3", "1000", "1k"),
    ],
)
def test_quantities_are_read_and_written_as_the_api_does(text: str | float, amount: str, written: str) -> None:
    assert parse(text) == Decimal(amount)
    assert canonical(text) == written


@pytest.mark.parametrize("text", ["", "1Gb", "one", "1 Gi", "--1", "m"])
def test_what_is_no_quantity_is_told_apart(text: str) -> None:
    assert not is_quantity(text)
    with pytest.raises(ValueError, match="is not a quantity"):
        parse(text)
