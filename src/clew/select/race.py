"""Racing folds: a configuration that can no longer be the best is not run on the folds that remain.

After each fold the differences to the leader, fold by fold, say what the remaining ones will
probably be: their mean follows Student's t distribution around the mean seen so far. A
configuration stops when, with the confidence that was asked for, its mean over all folds stays
below the leader's (Birattari et al., *A Racing Algorithm for Configuring Metaheuristics*, GECCO
2002, with a test of what is to come instead of one of what was seen).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from clew.select.plan import Configuration
from clew.select.study import Record, Study

FEWEST_FOLDS = 2
"""Folds that everybody runs: one has no spread."""


def losers(
    scores: np.ndarray[tuple[int, int], np.dtype[np.float64]], folds: int, confidence: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which configurations stay behind the leader, with some confidence.

    Parameters
    ----------
    scores : array of shape (n_configurations, n_seen)
        Scores on the folds that all of them finished; larger is better.
    folds : int
        Number of all folds.
    confidence : float
        Probability, below 1, that a configuration which is stopped would have stayed behind.

    Returns
    -------
    array of bool of shape (n_configurations,)
        True for those to stop. The leader is never one of them.

    Examples
    --------
    >>> losers(np.array([[0.9, 0.91], [0.5, 0.52], [0.9, 0.9]]), 5, 0.95)
    array([False,  True, False])
    """
    seen = scores.shape[1]
    left = folds - seen
    means = scores.mean(axis=1)
    if seen < FEWEST_FOLDS or left <= 0 or not np.isfinite(means).any():
        return np.zeros(len(scores), dtype=bool)
    leader = int(np.nanargmax(means))
    behind = scores[leader] - scores
    mean, spread = behind.mean(axis=1), behind.std(axis=1, ddof=1)
    # the remaining mean has to fall below −mean·seen/left for the order to turn round
    room, width = mean * folds / left, spread * np.sqrt(1 / seen + 1 / left)
    with np.errstate(all="ignore"):
        chance = stats.t.cdf(room / width, df=seen - 1)
    stopped = np.where(width > 0, chance >= confidence, mean > 0)
    stopped[leader] = False
    return np.asarray(stopped & np.isfinite(means))


def score_table(
    configurations: Sequence[Configuration],
    records: Mapping[tuple[int, int], Record],
    folds: Sequence[int],
    metric: str | None,
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the scores of configurations on folds, of one metric (by default the first)."""

    def number(record: Record) -> float:
        score = record.result["test_scores"]
        return float(score[metric or next(iter(score))] if isinstance(score, dict) else score)

    return np.array([[number(records[c.index, fold]) for fold in folds] for c in configurations])


def stopped_record(
    study: Study, like: Record, split: int, *, seen: int, confidence: float
) -> Record:
    """Return the record of a task that was not run: no score, and why."""
    why = f"behind after {seen} folds with confidence {confidence:g}"
    return left_out(study, like, split, why)


def left_out(study: Study, like: Record, split: int, reason: str) -> Record:
    """Return the record of a task that was not run; `like` is one that was."""

    def nothing(score: Any) -> Any:
        return dict.fromkeys(score, float("nan")) if isinstance(score, dict) else float("nan")

    result = {
        "fit_error": None,
        "test_scores": nothing(like.result["test_scores"]),
        "n_test_samples": len(study.splits[split][1]),
        "fit_time": 0.0,
        "score_time": 0.0,
    }
    if study.return_train_score:
        result["train_scores"] = nothing(like.result["train_scores"])
    return Record(result, source="stopped", reason=reason)
