"""Resource quantities such as ``500m`` and ``1Gi``: read, compared, and written as the API writes them."""

import re
from decimal import ROUND_UP, Decimal, localcontext
from functools import lru_cache

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DIGITS = 400  # more than any sum of quantities that can be written down here
_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]?)")


def is_quantity(value: str | float) -> bool:
    """Whether a text or number is a quantity."""
    return _FORM.fullmatch(str(value)) is not None


@lru_cache(maxsize=4096)
def parse(value: str | float) -> Decimal:
    """The amount; raises ValueError for what is no quantity."""
    match = _FORM.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is not a quantity")
    number, suffix = Decimal(match[1]), match[2]
    if suffix in _BINARY:
        return number * _BINARY[suffix]
    if suffix and suffix[0] in "eE" and len(suffix) > 1:
        return number.scaleb(int(suffix[1:]))
    return number.scaleb(_DECIMAL[suffix])


@lru_cache(maxsize=4096)
def canonical(value: str | float) -> str:
    """The text the API gives back: no fractions, the largest suffix that fits, the given family of suffixes."""
    match = _FORM.fullmatch(str(value))
    if match is None:
        return str(value)
    return write(parse(value), binary=match[2] in _BINARY)


def write(amount: Decimal, *, binary: bool = False) -> str:
    """An amount as text, rounded up to nano-units."""
    with localcontext(prec=_DIGITS):
        amount = amount.quantize(Decimal(1).scaleb(-9), rounding=ROUND_UP)
    if amount == 0:
        return "0"
    if binary and amount == amount.to_integral_value():
        for suffix, factor in reversed(_BINARY.items()):
            if amount % factor == 0:
                return f"{int(amount // factor)}{suffix}"
        return str(int(amount))
    for suffix, exponent in sorted(_DECIMAL.items(), key=lambda item: -item[1]):
        scaled = amount.scaleb(-exponent)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    return str(amount)
