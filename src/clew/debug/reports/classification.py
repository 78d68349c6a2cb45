"""What classifiers are judged by: scores, the confusion matrix, curves, calibration, thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates.rows import told
from clew.debug.reports import intervals
from clew.debug.reports.parts import Answers, Part

_POINTS, _BINS, _CELL_ROWS = 100, 10, 200
_LEAST_CHANCE = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The labelled rows of a part, as codes of classes.

    Parameters
    ----------
    rows : array of int
        Positions of the labelled rows in the part.
    truth, said : array of shape (labelled,)
    chances : array of shape (labelled, classes), or None
    """

    classes: tuple[str, ...]
    rows: NDArray[np.int64]
    truth: NDArray[np.int64]
    said: NDArray[np.int64]
    chances: NDArray[np.float64] | None

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the answer is not the label."""
        return np.not_equal(self.truth, self.said)


def classes_of(parts: Sequence[Part], answers: Sequence[Answers]) -> tuple[str, ...]:
    """Return all classes as text: the model's in its order, then others that occur."""
    found: dict[str, None] = {}
    for one in answers:
        found |= dict.fromkeys(one.classes)
    seen: set[str] = set()
    for part, one in zip(parts, answers, strict=True):
        seen |= set(_texts(part.truth[part.labelled])[1]) | set(_texts(one.said)[1])
    return (*found, *sorted(seen - set(found)))


def _texts(values: NDArray[Any]) -> tuple[NDArray[np.int64], list[str]]:
    import pandas as pd

    codes, distinct = pd.factorize(values)
    return np.asarray(codes, dtype=np.int64), [told(one) for one in distinct]


def judged(part: Part, answers: Answers, classes: Sequence[str]) -> Judged:
    """Return the labelled rows of a part with what is said of them."""
    number = {text: at for at, text in enumerate(classes)}
    rows = np.flatnonzero(part.labelled)

    def coded(values: NDArray[Any]) -> NDArray[np.int64]:
        codes, texts = _texts(values)
        return np.array([number[text] for text in texts], dtype=np.int64)[codes]

    chances = None
    if answers.chances is not None:
        chances = np.zeros((len(rows), len(classes)))
        chances[:, [number[text] for text in answers.classes]] = answers.chances[rows]
    return Judged(tuple(classes), rows, coded(part.truth[rows]), coded(answers.said[rows]), chances)


def matrix_of(one: Judged) -> NDArray[np.int64]:
    """Return the confusion matrix: a row for each class that is true."""
    k = len(one.classes)
    found: NDArray[np.int64] = np.bincount(one.truth * k + one.said, minlength=k * k).reshape(k, k)
    return found


def log_losses(one: Judged) -> NDArray[np.float64]:
    """Return -ln of the probability of what is true, row by row."""
    assert one.chances is not None
    told = one.chances[np.arange(len(one.truth)), one.truth]
    found: NDArray[np.float64] = -np.log(np.clip(told, _LEAST_CHANCE, 1))
    return found


def brier(one: Judged) -> NDArray[np.float64]:
    """Return the squared distance of probabilities to what is true; of two classes, of one."""
    assert one.chances is not None
    true = np.zeros_like(one.chances)
    true[np.arange(len(one.truth)), one.truth] = 1
    whole = ((one.chances - true) ** 2).sum(axis=1)
    found: NDArray[np.float64] = whole / 2 if len(one.classes) == 2 else whole
    return found


def scores(one: Judged, positive: int | None, alpha: float, seed: int) -> dict[str, Any]:
    """Return all scores with their intervals, and which way is better."""
    n, matrix = len(one.truth), matrix_of(one)
    found: dict[str, Any] = {
        "accuracy": intervals.share(int((~one.wrong).sum()), n, alpha),
        "balanced_accuracy": intervals.of_matrix(matrix, intervals.balanced, alpha, seed),
        "f1_macro": intervals.of_matrix(matrix, intervals.macro_f1, alpha, seed),
    }
    if one.chances is not None:
        found["log_loss"] = intervals.mean(log_losses(one), alpha)
        found["brier"] = intervals.mean(brier(one), alpha)
        if positive is not None:
            chance, true = one.chances[:, positive], one.truth == positive
            found["roc_auc"] = intervals.area(chance, true, alpha)
            found["average_precision"] = intervals.precision_area(chance, true, alpha)
    return {name: value for name, value in found.items() if value is not None}


LOWER = ("log_loss", "brier")
"""Of which scores less is better."""


def differences(new: Judged, old: Judged, positive: int | None, alpha: float) -> dict[str, Any]:
    """Return how much better the new model is on the same rows, paired."""
    from scipy.stats import binomtest

    wins = int((old.wrong & ~new.wrong).sum())
    losses = int((new.wrong & ~old.wrong).sum())
    gain = old.wrong.astype(float) - new.wrong.astype(float)
    p_value = float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
    found: dict[str, Any] = {
        "accuracy": intervals.mean(gain, alpha)
        | {"wins": wins, "losses": losses, "p_value": p_value}
    }
    if new.chances is not None and old.chances is not None:
        for name, of in (("log_loss", log_losses), ("brier", brier)):
            found[name] = intervals.mean(of(new) - of(old), alpha)
        if positive is not None:
            true = new.truth == positive
            before = old.chances[:, positive]
            found["roc_auc"] = intervals.area(new.chances[:, positive], true, alpha, minus=before)
    return {name: value for name, value in found.items() if value is not None}


def confusion(one: Judged, ids: Sequence[Any]) -> dict[str, Any]:
    """Return the confusion matrix; each cell that is no hit names its rows."""
    matrix, cells = matrix_of(one), []
    for true, said in zip(*np.nonzero(matrix), strict=True):
        rows = one.rows[(one.truth == true) & (one.said == said)] if true != said else ()
        cells.append(
            {
                "truth": one.classes[true],
                "answer": one.classes[said],
                "count": int(matrix[true, said]),
                "rows": [ids[row] for row in rows[:_CELL_ROWS]],
            }
        )
    return {"classes": list(one.classes), "matrix": matrix.tolist(), "cells": cells}


def by_class(one: Judged, alpha: float, seed: int) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and support of each class."""
    matrix, found = matrix_of(one), []
    for at, name in enumerate(one.classes):
        right, true, said = int(matrix[at, at]), int(matrix[at].sum()), int(matrix[:, at].sum())
        if not true and not said:
            continue

        def f1(matrices: NDArray[Any], at: int = at) -> NDArray[np.float64]:
            sizes = matrices[:, at].sum(axis=1) + matrices[:, :, at].sum(axis=1)
            return np.asarray(2 * matrices[:, at, at] / np.maximum(sizes, 1), dtype=float)

        row: dict[str, Any] = {
            "class": name,
            "precision": intervals.share(right, said, alpha),
            "recall": intervals.share(right, true, alpha),
            "f1": intervals.of_matrix(matrix, f1, alpha, seed),
            "support": true,
        }
        if one.chances is not None:
            row["roc_auc"] = intervals.area(one.chances[:, at], one.truth == at, alpha)
        found.append(row)
    return found


def curves(one: Judged, positive: int) -> dict[str, Any]:
    """Return the ROC curve and precision against recall, thinned."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    assert one.chances is not None
    true = one.truth == positive
    if true.all() or not true.any():
        return {}
    false_positive, true_positive, _ = roc_curve(true, one.chances[:, positive])
    precision, recall, _ = precision_recall_curve(true, one.chances[:, positive])
    return {
        "roc": _thinned(false_positive, true_positive),
        "precision_recall": _thinned(recall[::-1], precision[::-1]),
    }


def _thinned(x: NDArray[Any], y: NDArray[Any]) -> list[list[float]]:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    return [[float(a), float(b)] for a, b in zip(x[kept], y[kept], strict=True)]


def calibration(one: Judged, positive: int | None, alpha: float) -> list[dict[str, Any]]:
    """Return, for rows of about the same probability, how often it comes true.

    Of two classes the positive one's; of more, that of the answer.
    """
    assert one.chances is not None
    if positive is not None:
        chance, true = one.chances[:, positive], one.truth == positive
    else:
        best = one.chances.argmax(axis=1)
        chance, true = one.chances[np.arange(len(best)), best], one.truth == best
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, _BINS + 1)[1:-1]))
    place, found = np.searchsorted(edges, chance, side="right"), []
    for at in range(len(edges) + 1):
        mine = place == at
        seen = intervals.share(int(true[mine].sum()), int(mine.sum()), alpha)
        if seen is not None:
            predicted = float(chance[mine].mean())
            off = not seen["low"] <= predicted <= seen["high"]
            found.append(
                {"predicted": predicted, "seen": seen, "rows": int(mine.sum()), "off": off}
            )
    return found


def thresholds(
    one: Judged, positive: int, costs: Mapping[str, float], alpha: float
) -> dict[str, Any]:
    """Return what each threshold of the positive class costs a row, and the cheapest.

    Parameters
    ----------
    costs : mapping
        Of a false positive (``fp``) and a false negative (``fn``); also ``tp``, ``tn``.
    """
    assert one.chances is not None
    chance, true = one.chances[:, positive], one.truth == positive
    price = {name: float(costs.get(name, 0.0)) for name in ("fp", "fn", "tp", "tn")}
    found: list[dict[str, Any]] = []
    for threshold in np.linspace(0, 1, 51):
        said = chance >= threshold
        yes = np.where(said, price["tp"], price["fn"])
        no = np.where(said, price["fp"], price["tn"])
        cost = intervals.mean(np.where(true, yes, no), alpha)
        hit, count = int((said & true).sum()), int(said.sum())
        found.append(
            {
                "threshold": float(threshold),
                "cost": cost,
                "precision": intervals.share(hit, count, alpha),
                "recall": intervals.share(hit, int(true.sum()), alpha),
            }
        )
    best = min(found, key=lambda row: row["cost"]["value"])
    return {"costs": price, "positive": one.classes[positive], "best": best, "sweep": found}
