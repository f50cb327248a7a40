"""Single values, which Kubernetes may write in more than one way."""

import re
from decimal import Decimal
from typing import Any

_BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1)}
_DECIMAL |= {letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]?))")


def is_empty(value: Any) -> bool:
    """Whether an API server may leave the field out: Go's zero values. An object keeps none of them."""
    return value is None or value is False or (isinstance(value, int | float | str | list | dict) and not value)


def quantity(value: Any) -> Decimal | None:
    """The amount that a quantity means (`500m`, `1Gi`, `2e3`), None for what is none."""
    found = _QUANTITY.fullmatch(str(value).strip())
    if found is None or isinstance(value, bool):
        return None
    number, exponent, suffix = found.groups()
    if exponent:
        return Decimal(number + exponent)
    return Decimal(number) * (_BINARY.get(suffix) or _DECIMAL[suffix])


def same_quantity(wanted: Any, found: Any) -> bool:
    """Whether two quantities are of the same amount; what can't be read is compared as it is written."""
    one, other = quantity(wanted), quantity(found)
    return one == other if one is not None and other is not None else str(wanted) == str(found)


def same(wanted: Any, found: Any) -> bool:
    """Whether two plain values are the same; `true` is not 1, and 1 is 1.0."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return bool(wanted == found)
