"""A bet against "it is no better": evidence that may be looked at after every label.

Each row is worth +1 (the new model wins), -1 (it loses) or 0 (both say the same). If the gain is
`low` or less, the capital of somebody who bets a share ``b`` on every row, ``1 + b (x - low)``, is
a supermartingale whatever the disagreement; so it reaches ``1/alpha`` with probability `alpha` at
most, however often one looks (Ville; Waudby-Smith and Ramdas 2024, *Estimating means of bounded
random variables by betting*). The capital is spread over several shares: the one that grows fastest
at the gain that is to be found has most of it, larger ones find what is clearer sooner.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_OTHERS = (0.35, 0.5, 0.65, 0.8)
_MAIN = 0.95


@lru_cache(maxsize=64)
def shares(low: float, high: float, disagreement: float) -> tuple[tuple[float, float], ...]:
    """Return the shares that are bet and how the capital is spread over them.

    Parameters
    ----------
    low, high : float
        The gain to be refuted, and the one at which the capital is to grow fastest.
    disagreement : float
        At which disagreement.
    """
    most = 0.99 / (1 + low)
    win, loss = (disagreement + high) / 2, max(0.0, (disagreement - high) / 2)

    def slope(bet: float) -> float:
        return (
            win * (1 - low) / (1 + bet * (1 - low))
            - loss * (1 + low) / (1 - bet * (1 + low))
            - (1 - win - loss) * low / (1 - bet * low)
        )

    below, above = 0.0, most
    while above - below > 1e-6:
        middle = (below + above) / 2
        below, above = (middle, above) if slope(middle) > 0 else (below, middle)
    main = below
    others = [share for share in _OTHERS if main < share < most]
    if not others:
        return ((main, 1.0),)
    return ((main, _MAIN), *((share, (1 - _MAIN) / len(others)) for share in others))


def capital(
    outcomes: NDArray[np.int8], low: float, bets: tuple[tuple[float, float], ...]
) -> NDArray[np.float64]:
    """Return the logarithm of the capital after each row.

    Parameters
    ----------
    outcomes : array of shape (rows,)
        +1, -1 and 0, in an order that does not depend on labels.
    """
    wins = np.cumsum(outcomes > 0)
    losses = np.cumsum(outcomes < 0)
    same = np.arange(1, len(outcomes) + 1) - wins - losses
    grown = [
        math.log(weight)
        + wins * math.log1p(bet * (1 - low))
        + losses * math.log1p(-bet * (1 + low))
        + same * math.log1p(-bet * low)
        for bet, weight in bets
    ]
    total: NDArray[np.float64] = np.logaddexp.reduce(np.array(grown), axis=0)
    return total
