"""The published numbers of labels: Hoeffding's and Bennett's inequalities, as ease.ml/ci uses them.

Renggli, C. et al. (2019), *Continuous Integration of Machine Learning Models with ease.ml/ci*,
SysML. Kept so that its tables come out to the label; the exact tests (`binomial`, `paired`) ask for
far fewer under the same guarantee.
"""

from __future__ import annotations

import math


def hoeffding(tolerance: float, log_inverse: float, *, width: float = 1.0) -> int:
    """Return how many rows estimate a mean within `tolerance`, on one side.

    Parameters
    ----------
    tolerance : float
        ε: how far the estimate may be off.
    log_inverse : float
        ``ln(1/δ')`` of the failure probability that this one test may use.
    width : float, default 1
        Length of the interval that holds each row's value.

    Examples
    --------
    >>> import math
    >>> hoeffding(0.01, math.log(32 / 1e-4))
    63381
    """
    return math.ceil(width**2 * log_inverse / (2 * tolerance**2))


def bennett(tolerance: float, log_inverse: float, disagreement: float) -> int:
    """Return how many rows estimate the difference of two accuracies within `tolerance`.

    At most a share `disagreement` of rows is answered otherwise by the two models, so that the
    difference has at most that variance. The published form spends ``ln 4``: two sides, two tests.

    Examples
    --------
    >>> import math
    >>> bennett(0.01, math.log(32 / 1e-4), 0.1)
    29048
    """
    ratio = tolerance / disagreement
    rate = (1 + ratio) * math.log1p(ratio) - ratio
    return math.ceil((log_inverse + math.log(4)) / (disagreement * rate))


def hoeffding_mean(n: int, log_inverse: float, *, width: float = 1.0) -> float:
    """Return how far the mean of `n` rows may be from the truth, on one side."""
    return width * math.sqrt(log_inverse / (2 * n))
