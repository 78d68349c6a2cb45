"""Numbers cut where classes change."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

Counts = npt.NDArray[np.float64]


class SupervisedBinner(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Cuts each column where it tells classes apart, as often as the data pay for it.

    The best cut halves the rows so that the classes' entropy falls most; it is kept where that
    saves more bits than it takes to write the cut down. Columns that tell nothing keep one bin.

    Source: Fayyad, Irani, *Multi-interval discretization of continuous-valued attributes for
    classification learning*, IJCAI 1993, section 3.

    Parameters
    ----------
    max_bins
        At most so many bins a column; None: as many as pay.

    Attributes
    ----------
    cuts_
        For each column its cuts, ascending; a value at a cut is in the bin above it.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.data.transforms import SupervisedBinner
    >>> x = np.arange(60.0)[:, None]
    >>> binner = SupervisedBinner().fit(x, (x.ravel() >= 20).astype(int))
    >>> binner.cuts_[0].tolist(), binner.transform([[19.0], [20.0]]).tolist()
    ([19.5], [[0.0], [1.0]])
    """

    def __init__(self, max_bins: int | None = None) -> None:
        self.max_bins = max_bins

    def fit(self, X: Any, y: Any) -> Self:
        """Find the cuts: X of shape (n, columns), y the classes of shape (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        self.cuts_ = [self._cuts(column, codes, len(classes)) for column in X.T]
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Return each value's bin, from 0: shape (n, columns)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        bins = [
            np.searchsorted(cuts, x, side="right") for cuts, x in zip(self.cuts_, X.T, strict=True)
        ]
        return np.asarray(np.stack(bins, axis=1), np.float64)

    def _cuts(self, column: Any, codes: Any, classes: int) -> npt.NDArray[np.float64]:
        order = np.argsort(column, kind="stable")
        x = column[order]
        counts = np.zeros((len(x) + 1, classes))
        counts[np.arange(1, len(x) + 1), codes[order]] = 1.0
        counts = counts.cumsum(axis=0)
        edges = np.flatnonzero(x[1:] > x[:-1]) + 1  # rows before a cut
        found: list[tuple[float, int]] = []
        todo = [(0, len(x))]
        while todo:
            low, high = todo.pop()
            cut = _best(counts, edges[(edges > low) & (edges < high)], low, high)
            if cut is not None:
                found.append(cut)
                todo += [(low, cut[1]), (cut[1], high)]
        if self.max_bins is not None:
            found = sorted(found, reverse=True)[: max(self.max_bins - 1, 0)]
        return np.asarray(sorted((x[at - 1] + x[at]) / 2.0 for _, at in found))

    @property
    def _n_features_out(self) -> int:
        return len(self.cuts_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _best(counts: Counts, edges: Any, low: int, high: int) -> tuple[float, int] | None:
    """Return the bits that the best cut saves, all rows together, and its place; None: it costs."""
    if not len(edges):
        return None
    left, right = counts[edges] - counts[low], counts[high] - counts[edges]
    both = counts[high] - counts[low]
    size = high - low
    sizes = (edges - low, high - edges)
    after = (sizes[0] * _entropy(left) + sizes[1] * _entropy(right)) / size
    place = int(after.argmin())
    whole = float(_entropy(both))
    gain = whole - float(after[place])
    kinds = [int((part > 0).sum()) for part in (both, left[place], right[place])]
    entropies = [whole, float(_entropy(left[place])), float(_entropy(right[place]))]
    cost = np.log2(3.0 ** kinds[0] - 2.0) - (
        kinds[0] * entropies[0] - kinds[1] * entropies[1] - kinds[2] * entropies[2]
    )
    if gain <= (np.log2(size - 1) + cost) / size:
        return None
    return gain * size, int(edges[place])


def _entropy(counts: Counts) -> Any:
    """Return bits per row of classes with these counts, over the last axis."""
    shares = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1.0)
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logs).sum(axis=-1)
