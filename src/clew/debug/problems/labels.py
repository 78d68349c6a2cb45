"""Labels that are probably wrong, by confident learning.

A row counts as confidently of a class when the model gives it at least the probability that it
gives rows of that class in the mean; labels that disagree are suspected (Northcutt, C. et al. 2021,
*Confident Learning: Estimating Uncertainty in Dataset Labels*, JAIR). Probabilities must be those
of a model that has not seen the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class LabelError:
    """A label that is probably wrong.

    Parameters
    ----------
    row : int
        Position of the row.
    given, suggested : int
        The label, and the class that the model is confident of.
    margin : float
        By how much the suggestion is the more probable: the larger, the surer.
    """

    row: int
    given: int
    suggested: int
    margin: float


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """Suspected labels, the surest first, and about what share of all is wrong.

    Parameters
    ----------
    joint : array of shape (classes, classes)
        Estimated share of rows by label (rows) and by what is true (columns).
    """

    errors: tuple[LabelError, ...]
    share: float
    joint: NDArray[np.float64]


def label_errors(labels: NDArray[np.int64], chances: NDArray[np.float64]) -> LabelErrors:
    """Return which labels are probably wrong.

    Parameters
    ----------
    labels : array of int, of shape (rows,)
        Codes of classes, from 0.
    chances : array of shape (rows, classes)
        Probabilities by a model that was not fitted on these rows.

    Raises
    ------
    InvalidParameter
        When shapes do not fit, or a label is no column of `chances`.
    """
    if chances.ndim != 2 or labels.shape != chances.shape[:1]:
        raise InvalidParameter(
            "a label and a row of probabilities for each row",
            got=f"shapes {labels.shape}, {chances.shape}",
        )
    n, k = chances.shape
    if not n or labels.min() < 0 or labels.max() >= k:
        raise InvalidParameter("labels are columns of the probabilities", expected=f"0 to {k - 1}")
    sizes = np.bincount(labels, minlength=k)
    own = chances[np.arange(n), labels]
    bars = np.where(sizes > 0, np.bincount(labels, own, k) / np.maximum(sizes, 1), np.inf)
    confident = np.where(chances >= bars, chances, -1.0)
    likely = confident.argmax(axis=1)
    sure = confident.max(axis=1) >= 0
    counts = np.bincount(labels[sure] * k + likely[sure], minlength=k * k).reshape(k, k)
    joint = _calibrated(counts.astype(float), sizes)
    # As many of each kind as are estimated to be wrong, those with the largest margins.
    best: dict[int, LabelError] = {}
    for given, true in zip(*np.nonzero(joint), strict=True):
        if given == true:
            continue
        mine = np.flatnonzero(labels == given)
        margins = chances[mine, true] - own[mine]
        for at in np.argsort(-margins, kind="stable")[: round(joint[given, true] * n)]:
            row, margin = int(mine[at]), float(margins[at])
            if margin > 0 and (row not in best or best[row].margin < margin):
                best[row] = LabelError(row, int(given), int(true), margin)
    kept = sorted(best.values(), key=lambda one: (-one.margin, one.row))
    return LabelErrors(tuple(kept), float(1 - np.trace(joint)), joint)


def _calibrated(counts: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the joint distribution whose labels are as common as they are."""
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.where(rows > 0, counts / np.maximum(rows, 1), np.eye(len(counts)))
    scaled = shares * sizes[:, None]
    found: NDArray[np.float64] = scaled / scaled.sum()
    return found
