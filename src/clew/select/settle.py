"""Settling near-ties: a rewrite with a tolerance may not decide which configuration is best.

Where several configurations lie within their declared tolerances of the best one, they are
evaluated again by bit-identical means, so that the choice is the one scikit-learn would make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clew.select.plan import Configuration
from clew.select.study import Record

_MARGIN = 8.0
_ROUNDING = 1e-13
_LARGEST = 1e-6
"""Whoever accepts a larger tolerance accepts its choice among near-ties too."""


def contenders(
    configurations: Sequence[Configuration],
    records: Mapping[tuple[int, int], Record],
    folds: Sequence[int],
) -> list[Configuration]:
    """Return the configurations between which only exact scores can decide.

    Parameters
    ----------
    configurations : sequence of Configuration
        Everything evaluated so far.
    records : mapping
        Their records by ``(index, fold)``.
    folds : sequence of int
        Numbers of the folds.

    Returns
    -------
    list of Configuration
        Those with inexact records within reach of the best; empty when the best is clear.
    """
    found: dict[int, Configuration] = {}
    slack = np.array([_slack(c, records, folds) for c in configurations])
    if not slack.any():
        return []
    for means in _means(configurations, records, folds):
        if not np.isfinite(means).any():
            continue
        best = np.nanmax(means)
        near = means >= best - (slack + slack.max()) * max(1.0, abs(best))
        inexact = [
            c for c, close, s in zip(configurations, near, slack, strict=True) if close and s
        ]
        if near.sum() > 1:
            found.update({c.index: c for c in inexact})
    return list(found.values())


def _slack(
    configuration: Configuration, records: Mapping[tuple[int, int], Record], folds: Sequence[int]
) -> float:
    tolerance = max(records[configuration.index, fold].tolerance for fold in folds)
    return _MARGIN * tolerance + _ROUNDING if 0 < tolerance <= _LARGEST else 0.0


def _means(
    configurations: Sequence[Configuration],
    records: Mapping[tuple[int, int], Record],
    folds: Sequence[int],
) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the mean scores of all configurations, one array a metric."""
    table = [[records[c.index, f].result["test_scores"] for f in folds] for c in configurations]
    names = list(table[0][0]) if isinstance(table[0][0], dict) else [None]
    return [
        np.array([np.mean([s[name] if name else s for s in row]) for row in table])
        for name in names
    ]
