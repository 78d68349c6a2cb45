"""Whether a column is distributed alike on two sides: by a test, and by how much it is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clew.debug.problems.columns import Column

_BINS, _EXPECTED, _FEW_VALUES = 10, 5.0, 20


def compared(left: Column, right: Column) -> tuple[float, float]:
    """Return a p-value, and the population stability index.

    Numbers are compared by Kolmogorov and Smirnov's test, values by χ² with rare ones together.
    """
    from scipy.stats import chi2_contingency, ks_2samp

    a, b = _known(left), _known(right)
    few = not left.is_number or len(np.unique(np.concatenate([a, b]))) <= _FEW_VALUES
    if not few and len(a) and len(b):
        p_value = float(ks_2samp(a, b, method="asymp").pvalue)
        edges = np.unique(np.quantile(a, np.linspace(0, 1, _BINS + 1)[1:-1]))
        counts = np.array(
            [np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) for side in (a, b)]
        )
        return min(1.0, p_value), stability(counts)
    values, codes = np.unique(np.concatenate([left.texts, right.texts]), return_inverse=True)
    n = len(left.texts)
    counts = np.array([np.bincount(side, minlength=len(values)) for side in (codes[:n], codes[n:])])
    expected = counts.sum(axis=0) * min(n, len(codes) - n) / len(codes)
    rare = expected < _EXPECTED
    together = counts[:, ~rare]
    if rare.any():
        together = np.column_stack([together, counts[:, rare].sum(axis=1)])
    together = together[:, together.sum(axis=0) > 0]
    if together.shape[1] < 2:
        return 1.0, 0.0
    return float(chi2_contingency(together, correction=False).pvalue), stability(together)


def stability(counts: NDArray[np.int64]) -> float:
    """Return the population stability index of two rows of counts: above 0.2 is much."""
    a, b = (np.maximum(side / max(side.sum(), 1), 1e-4) for side in counts)
    return float(((a - b) * np.log(a / b)).sum())


def _known(column: Column) -> NDArray[np.float64]:
    found: NDArray[np.float64] = column.numbers[~np.isnan(column.numbers)]
    return found
