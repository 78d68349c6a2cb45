"""The exact test of the difference of two accuracies on the same rows.

Rows that both models answer alike change nothing, whatever their label; so only the others are
labelled. What counts is wins minus losses of the new model among them, whose tail is known exactly
once the share of disagreements is bounded (`tails`). That share needs no label: it is measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from clew.debug.gates import tails
from clew.debug.gates.smallest import smallest
from clew.errors import InvalidParameter

_GRID = 12
"""At how many smaller disagreements a cutoff is checked besides: the largest is the worst."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What a test of a difference demands.

    Parameters
    ----------
    low, high : float
        A gain of `low` or less may pass with probability `alpha` at most; one of `high` or more
        may fail with probability `beta` at most.
    disagreement : float
        The largest share of rows that the two models answer otherwise, for the sizes that are
        planned with it.
    """

    low: float
    high: float
    disagreement: float
    alpha: float
    beta: float


@lru_cache(maxsize=8192)
def cutoff(n: int, low: float, disagreement: float, alpha: float) -> int:
    """Return the least wins minus losses on `n` rows that show a gain above `low`.

    If the gain is `low` or less, and the two models disagree on a share `disagreement` of rows at
    most, so much is seen with probability `alpha` at most; ``n + 1`` when nothing shows it.
    """
    if low < -disagreement:
        return -n
    if low >= disagreement:
        return n + 1 if low > disagreement else _least(n, low, disagreement, alpha)
    found = _least(n, low, disagreement, alpha)
    while found <= n and _worst(n, low, disagreement, found) > alpha:
        found += 1
    return found


def _least(n: int, low: float, d: float, alpha: float) -> int:
    """Return the cutoff for one disagreement, by bisection from where it should be."""
    spread = math.sqrt(n * max(d - low * low, 1e-12))
    guess = n * low - NormalDist().inv_cdf(min(alpha, 0.5)) * spread
    below, above = max(-n - 1, math.floor(guess) - 4), min(n + 1, math.ceil(guess) + 4)
    step = 4
    while above <= n and tails.at_least(n, d, low, above) > alpha:
        below, above, step = above, min(n + 1, above + step), step * 2
    step = 4
    while below >= -n and tails.at_least(n, d, low, below) <= alpha:
        above, below, step = below, max(-n - 1, below - step), step * 2
    while above - below > 1:
        middle = (below + above) // 2
        if tails.at_least(n, d, low, middle) <= alpha:
            above = middle
        else:
            below = middle
    return above


def _worst(n: int, low: float, disagreement: float, c: int) -> float:
    """Return the probability of `c` or more at the worst disagreement up to the largest."""
    least = abs(low)
    grid = (least + (disagreement - least) * (k / _GRID) ** 2 for k in range(1, _GRID + 1))
    return max(tails.at_least(n, d, low, c) for d in grid)


def power_holds(n: int, asked: Paired) -> bool:
    """Tell whether a gain of `high` or more passes often enough with `n` rows."""
    c = cutoff(n, asked.low, asked.disagreement, asked.alpha)
    return c <= n and tails.below(n, asked.disagreement, asked.high, c) <= asked.beta


@lru_cache(maxsize=64)
def size(asked: Paired) -> int:
    """Return how many rows the test needs; a share `disagreement` of them is labelled.

    Raises
    ------
    InvalidParameter
        When models that disagree so little cannot differ so much.
    """
    if asked.high > asked.disagreement:
        raise InvalidParameter(
            "two models that disagree this little cannot differ this much",
            got=f"disagreement {asked.disagreement:g}",
            expected=f"at least {asked.high:g}",
        )
    normal = NormalDist()
    spread = -normal.inv_cdf(asked.alpha) * math.sqrt(max(asked.disagreement - asked.low**2, 1e-9))
    spread -= normal.inv_cdf(asked.beta) * math.sqrt(max(asked.disagreement - asked.high**2, 1e-9))
    if asked.low < -asked.disagreement:
        return 1
    near = math.ceil(0.97 * (spread / (asked.high - asked.low)) ** 2)
    return smallest(lambda n: power_holds(n, asked), near)
