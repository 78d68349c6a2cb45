"""Exact tails of sums of wins and losses.

Of ``n`` rows each is a win with probability ``(d + g) / 2``, a loss with ``(d - g) / 2``, and
changes nothing otherwise: ``d`` is the disagreement of two models, ``g`` the gain in accuracy. The
tail of wins minus losses is summed over the number of disagreements, which keeps its relative
precision where a Fourier transform has only noise. What is cut off at both ends is added, so that
a tail is never too small.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from clew.errors import MissingExtra

_SPREADS, _LEAST = (12.0, 45.0), 60
"""How many standard deviations of disagreements are summed: more where the tail is very small."""
_RARE = 1e-20
_LOOSE = 1 + 1e-9
"""Tails are this much larger than computed: what rounding may take away."""


def at_least(n: int, d: float, g: float, c: int) -> float:
    """Return an upper bound, tight to 1e-9, of ``P(wins - losses >= c)``."""
    if c <= -n:
        return 1.0
    found = 1.0
    for spreads in _SPREADS:
        counts, weights, cut = _counts(n, d, spreads)
        least = np.ceil((counts + c) / 2)
        share = min(max((1 + g / d) / 2, 0.0), 1.0) if d > 0 else 0.5
        found = min(1.0, (float(weights @ _binomial(counts, least, share)) + cut) * _LOOSE)
        if found > _RARE:
            break
    return found


def below(n: int, d: float, g: float, c: int) -> float:
    """Return an upper bound, tight to 1e-9, of ``P(wins - losses < c)``."""
    return at_least(n, d, -g, 1 - c)


def successes(n: int, p: float, c: int) -> float:
    """Return an upper bound, tight to 1e-9, of the probability of at least `c` successes of `n`."""
    if c <= 0:
        return 1.0
    if c > n or p <= 0:
        return 0.0
    return min(1.0, float(special().betainc(c, n - c + 1, min(p, 1.0))) * _LOOSE)


def fewer(n: int, p: float, c: int) -> float:
    """Return an upper bound, tight to 1e-9, of the probability of fewer than `c` successes."""
    return successes(n, 1 - p, n - c + 1)


def _counts(n: int, d: float, spreads: float) -> tuple[Any, Any, float]:
    """Return the likely numbers of disagreements, their probabilities, and what is left out."""
    if d >= 1:
        return np.array([float(n)]), np.ones(1), 0.0
    functions = special()
    half = spreads * math.sqrt(n * d * (1 - d)) + _LEAST
    low, high = max(0, math.floor(n * d - half)), min(n, math.ceil(n * d + half))
    counts = np.arange(low, high + 1, dtype=float)
    logs = (
        functions.gammaln(n + 1)
        - functions.gammaln(counts + 1)
        - functions.gammaln(n - counts + 1)
        + functions.xlogy(counts, d)
        + functions.xlog1py(n - counts, -d)
    )
    cut = functions.betainc(high + 1, n - high, d) if high < n else 0.0
    cut += functions.betainc(n - low + 1, low, 1 - d) if low > 0 else 0.0
    return counts, np.exp(logs), float(cut)


def _binomial(counts: Any, least: Any, share: float) -> Any:
    """Return for each count of trials the probability of at least so many successes."""
    inside = (least >= 1) & (least <= counts)
    found = np.where(least < 1, 1.0, 0.0)
    found[inside] = special().betainc(least[inside], counts[inside] - least[inside] + 1, share)
    return found


def special() -> Any:
    """Return SciPy's special functions."""
    try:
        from scipy import special
    except ImportError as error:
        raise MissingExtra("exact tests need SciPy", hint="pip install 'clew[sklearn]'") from error
    return special
