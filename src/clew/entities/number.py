"""Numbers as JSON can hold them."""

from __future__ import annotations

import math
from typing import Literal

NonFinite = Literal["NaN", "Infinity", "-Infinity"]

Number = float | NonFinite
"""A number, or the name of one that JSON has no word for."""


def number(value: float) -> Number:
    """Return a number, or the name of one that JSON has no word for."""
    value = float(value)
    return value if math.isfinite(value) else named(value)


def named(value: float) -> NonFinite:
    """Return the name of a number that is not finite."""
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
