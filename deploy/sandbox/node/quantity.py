"""Kubernetes quantities such as `500m`, `1Gi`, `2`."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, InvalidOperation

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
}


def parse(text: str) -> Decimal:
    """The number; raises ValueError for what is no quantity."""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if text.endswith(suffix):
            return parse(text[: -len(suffix)]) * _SUFFIXES[suffix]
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a quantity") from error


def divided(text: str, divisor: str) -> int:
    """The quantity in units of the divisor, rounded up."""
    unit = parse(divisor) or Decimal(1)
    return int((parse(text) / unit).to_integral_value(ROUND_CEILING))
