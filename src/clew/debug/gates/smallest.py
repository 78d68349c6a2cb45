"""The smallest number of rows at which an exact test is good enough.

Exact tests of counts do not get better with every row: cutoffs are whole numbers, and one row more
can be worse than one less. So a size is taken only after it was tested itself.
"""

from __future__ import annotations

from collections.abc import Callable

from clew.errors import InvalidParameter

_MOST_ROWS = 1 << 31
_BACK = 96


def smallest(good: Callable[[int], bool], near: int) -> int:
    """Return a size that is good, and than which few smaller ones are.

    Parameters
    ----------
    good : callable
        Tells whether a size is good; true of all large sizes, and false of all small ones.
    near : int
        Where to begin.

    Raises
    ------
    InvalidParameter
        When no size up to 2^31 rows is good.
    """
    high = max(near, 1)
    while not good(high):
        high += max(1, high // 16)
        if high > _MOST_ROWS:
            raise InvalidParameter(
                "no number of rows is enough for this condition", hint="a larger tolerance"
            )
    low = high - max(1, high // 16)
    while low > 0 and good(low):
        high, low = low, low - max(1, low // 16)
    low = max(low, 0)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    for size in range(max(1, high - _BACK), high):
        if good(size):
            return size
    return high
