"""The exact test of a share: an accuracy, a disagreement, a rate of anything in a row.

The share's own variance is used, which Hoeffding's inequality does not know: near 0 and 1 far
fewer rows are needed.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from clew.debug.gates import tails
from clew.debug.gates.smallest import smallest
from clew.errors import InvalidParameter


@lru_cache(maxsize=4096)
def cutoff(n: int, low: float, alpha: float) -> int:
    """Return the fewest successes of `n` that show a share above `low`; ``n + 1``: none does.

    If the share is `low` or less, so many are seen with probability `alpha` at most.
    """
    if low < 0:
        return 0
    below, above = -1, n + 1
    while above - below > 1:
        middle = (below + above) // 2
        if tails.successes(n, low, middle) <= alpha:
            above = middle
        else:
            below = middle
    return above


def power_holds(n: int, low: float, high: float, alpha: float, beta: float) -> bool:
    """Tell whether a share of `high` or more fails to show with probability `beta` at most."""
    if high > 1:
        return True
    return tails.fewer(n, high, cutoff(n, low, alpha)) <= beta


@lru_cache(maxsize=256)
def size(low: float, high: float, alpha: float, beta: float) -> int:
    """Return how many rows tell a share of `low` from one of `high`.

    Parameters
    ----------
    low, high : float
        A share of `low` or less passes with probability `alpha` at most, one of `high` or more
        fails with probability `beta` at most. Where `high` is no possible share, the first alone
        counts.

    Raises
    ------
    InvalidParameter
        When no share is above `low`.
    """
    if low >= 1:
        raise InvalidParameter("no share is above this bar", got=str(low), expected="below 1")
    if low < 0:
        return 1
    top = min(high, 1.0)
    normal = NormalDist()
    spread = -normal.inv_cdf(alpha) * math.sqrt(low * (1 - low))
    spread -= normal.inv_cdf(beta) * math.sqrt(top * (1 - top))
    near = max(1, math.ceil(0.95 * (spread / (top - low)) ** 2))
    return smallest(
        lambda n: cutoff(n, low, alpha) <= n and power_holds(n, low, high, alpha, beta), near
    )


def upper(n: int, count: int, alpha: float) -> float:
    """Return the Clopper-Pearson upper bound of a share: it is larger with probability `alpha`."""
    if count >= n:
        return 1.0
    special = tails.special()
    return min(1.0, float(special.betainccinv(count + 1, n - count, alpha)) * (1 + 1e-9))


def lower(n: int, count: int, alpha: float) -> float:
    """Return the Clopper-Pearson lower bound of a share: it is smaller with probability `alpha`."""
    return 1 - upper(n, n - count, alpha)
