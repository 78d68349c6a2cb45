"""The table of a study while it runs: ``cv_results_`` of what is finished, as plain lists."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.select.plan import Configuration
from clew.select.study import Record

Records = Mapping[tuple[int, int], Record]
Scores = npt.NDArray[np.float64]


def so_far(
    configurations: Sequence[Configuration],
    records: Records,
    folds: Sequence[int],
    resource: str | None = None,
) -> dict[str, list[Any]]:
    """Return the configurations that have a score, with NaN for folds that are to come.

    Parameters
    ----------
    resource : str, optional
        The parameter that rungs set.
    """
    begun = [c for c in configurations if any((c.index, fold) in records for fold in folds)]
    table: dict[str, list[Any]] = {}
    for name in dict.fromkeys(name for c in begun for name in c.parameters):
        table[f"param_{name}"] = [str(c.parameters.get(name, "")) for c in begun]
    for name, scores in _scores(begun, records, folds).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN
            means, stds = np.nanmean(scores, axis=1), np.nanstd(scores, axis=1)
        for at in range(len(folds)):
            table[f"split{at}_test_{name}"] = scores[:, at].tolist()
        table[f"mean_test_{name}"] = means.tolist()
        table[f"std_test_{name}"] = stds.tolist()
        table[f"rank_test_{name}"] = _ranks(means)
    parts = [[records.get((c.index, fold)) for fold in folds] for c in begun]
    table["rewrite"] = [next((r.rewrite for r in all_ if r and r.rewrite), "") for all_ in parts]
    for name, source in (("folds_left_out", "stopped"), ("reused_folds", "reused")):
        table[name] = [sum(r is not None and r.source == source for r in all_) for all_ in parts]
    if resource:
        table["n_resources"] = [c.parameters.get(resource) for c in begun]
    return table


def _scores(
    begun: Sequence[Configuration], records: Records, folds: Sequence[int]
) -> dict[str, Scores]:
    found: dict[str, Scores] = {}
    for row, configuration in enumerate(begun):
        for column, fold in enumerate(folds):
            record = records.get((configuration.index, fold))
            if record is None:
                continue
            given = record.result["test_scores"]
            for name, score in (given if isinstance(given, dict) else {"score": given}).items():
                if name not in found:
                    found[name] = np.full((len(begun), len(folds)), np.nan)
                found[name][row, column] = score
    return found


def _ranks(means: Scores) -> list[int]:
    known = np.sort(means[np.isfinite(means)])[::-1]
    ranks = 1 + np.searchsorted(-known, -means, side="left")
    return [int(rank) for rank in ranks]
