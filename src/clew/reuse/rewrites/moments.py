"""Moments by fold: each class's sums are taken once a part of the rows, and put together per fold.

Where the test rows of the folds are the parts of all rows, the training rows of a fold are all
other parts. Counts of whole numbers are added and taken away without any rounding. Means and
scatters of parts are put together (Chan, Golub and LeVeque, *Updating Formulae and a Pairwise
Algorithm for Computing Sample Variances*, COMPSTAT 1982), so that nothing cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

Array = np.ndarray[Any, Any]
NAME = "moments by fold"
EXACT = 0.0
CLOSE = 1e-9
"""Largest relative deviation of a likelihood that is promised where parts are put together."""

_WORST = 1e-6
"""Least eigenvalue of a covariance, to its largest, that is not left to scikit-learn's solver."""


_FAR = 1e4


class Unfit(ValueError):
    """Rows, folds or a member that this does not understand; the message says why."""


def parts_of(splits: Sequence[tuple[Any, Any]], n_rows: int) -> Array:
    """Return the number of the part that each row is in: the fold that tests it.

    Raises
    ------
    Unfit
        When the training rows of a fold are not all the rows that it does not test, in order.
    """
    part = np.full(n_rows, -1)
    for number, (_, test) in enumerate(splits):
        rows = np.asarray(test)
        if (
            rows.dtype.kind not in "iu"
            or (part[rows] >= 0).any()
            or len(np.unique(rows)) < len(rows)
        ):
            raise Unfit("folds overlap")
        part[rows] = number
    if (part < 0).any() or len(splits) < 2:
        raise Unfit("rows are left out")
    for number, (train, _) in enumerate(splits):
        if not np.array_equal(np.asarray(train), np.flatnonzero(part != number)):
            raise Unfit("training rows are not all others")
    return part


@dataclass(frozen=True, slots=True)
class Moments:
    """Of some rows.

    Parameters
    ----------
    count : int
        How many rows.
    mean : array of shape (n_features,)
    scatter : array of shape (n_features,) or (n_features, n_features)
        Sum of squares about the mean, or of products.
    """

    count: int
    mean: Array
    scatter: Array

    @classmethod
    def of(cls, rows: Array, *, full: bool) -> Moments:
        """Return the moments of rows; `full` asks for products of all pairs of columns."""
        mean = rows.mean(axis=0)
        centred = rows - mean
        return cls(len(rows), mean, centred.T @ centred if full else (centred**2).sum(axis=0))

    def __add__(self, other: Moments) -> Moments:
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        gap = other.mean - self.mean
        between = np.outer(gap, gap) if self.scatter.ndim == 2 else gap**2
        scatter = self.scatter + other.scatter + between * (self.count * other.count / count)
        return Moments(count, self.mean + gap * (other.count / count), scatter)

    @property
    def covariance(self) -> Array:
        """The covariance with divisor n (the variances where only those were asked for)."""
        return self.scatter / self.count

    def check(self) -> None:
        """Require columns that are not far from zero for their spread.

        Raises
        ------
        Unfit
            When the mean's rounding would be felt.
        """
        variances = self.scatter if self.scatter.ndim == 1 else np.diag(self.scatter)
        if not (self.mean**2 <= _FAR**2 * variances / max(self.count, 1)).all():
            raise Unfit("a column is far from zero for its spread")


class FoldMoments:
    """Moments of each class of the training rows of each fold.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
    codes : array of int of shape (n_rows,)
        Number of each row's class.
    part : array of int of shape (n_rows,)
        As `parts_of` gives it.
    full : bool
        Whether products of all pairs of columns are needed.
    """

    def __init__(self, X: Array, codes: Array, part: Array, *, full: bool) -> None:
        self._classes = int(codes.max()) + 1
        width = X.shape[1]
        nothing = np.zeros((width, width) if full else width)
        empty = Moments(0, np.zeros(width), nothing)
        self._cells = [
            [
                Moments.of(X[chosen], full=full) if len(chosen) else empty
                for chosen in (
                    np.flatnonzero((part == p) & (codes == c)) for p in range(part.max() + 1)
                )
            ]
            for c in range(self._classes)
        ]
        self._empty = empty

    def classes(self, fold: int) -> list[Moments]:
        """Return the moments of each class among the training rows of a fold."""
        return [
            sum((m for p, m in enumerate(cells) if p != fold), self._empty) for cells in self._cells
        ]


class FoldCounts:
    """Sums of each column for each class of the training rows of each fold.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_rows, n_features)
        Not negative.
    """

    def __init__(self, X: Any, codes: Array, part: Array) -> None:
        n_classes, n_parts = int(codes.max()) + 1, int(part.max()) + 1
        shape = (n_parts * n_classes, len(codes))
        ones = np.ones(len(codes))
        cells = sparse.csr_array((ones, (part * n_classes + codes, np.arange(len(codes)))), shape)
        sums = cells @ X
        sums = sums.toarray() if sparse.issparse(sums) else np.asarray(sums)
        self._sums = sums.reshape(n_parts, n_classes, -1)
        self._rows = np.bincount(part * n_classes + codes, minlength=shape[0])
        self._rows = self._rows.reshape(n_parts, n_classes).astype(np.float64)
        values = X.data if sparse.issparse(X) else X
        whole = bool((values == np.floor(values)).all()) and float(self._sums.sum()) < 2.0**53
        self.tolerance = EXACT if whole else CLOSE

    def classes(self, fold: int) -> tuple[Array, Array]:
        """Return the sums and the number of rows of each class of the training rows of a fold."""
        others = [p for p in range(len(self._sums)) if p != fold]
        return self._sums[others].sum(axis=0), self._rows[others].sum(axis=0)


def fit_counts(template: Any, classes: Array, sums: Array, rows: Array) -> Any:
    """Return a naive Bayes model of counts, fitted to the sums of its columns."""
    model = clone(template)
    model.n_features_in_ = sums.shape[1]
    model.classes_ = classes.copy()
    model._init_counters(len(classes), sums.shape[1])
    model.class_count_[:], model.feature_count_[:] = rows, sums
    if hasattr(model, "norm"):  # ComplementNB
        model.feature_all_ = model.feature_count_.sum(axis=0)
    model._update_feature_log_prob(model._check_alpha())
    model._update_class_log_prior(class_prior=model.class_prior)
    return model


def fit_gaussian(template: Any, classes: Array, moments: Sequence[Moments]) -> Any:
    """Return a Gaussian naive Bayes model, fitted to the moments of its classes.

    Raises
    ------
    Unfit
        When its priors are given.
    """
    if template.priors is not None:
        raise Unfit("priors are given")
    model, everything = clone(template), moments[0]
    for other in moments[1:]:
        everything = everything + other
    model.n_features_in_ = len(everything.mean)
    model.classes_ = classes.copy()
    model.epsilon_ = model.var_smoothing * everything.covariance.max()
    model.theta_ = np.stack([m.mean for m in moments])
    model.var_ = np.stack([m.covariance for m in moments]) + model.epsilon_
    model.class_count_ = np.array([m.count for m in moments], dtype=np.float64)
    model.class_prior_ = model.class_count_ / model.class_count_.sum()
    if not (model.var_ > _WORST * everything.covariance.max()).all():
        raise Unfit("a variance is next to nothing")
    return model


def spectrum(covariance: Array) -> tuple[Array, Array]:
    """Return eigenvalues, falling, and eigenvectors as rows.

    Raises
    ------
    Unfit
        When the smallest eigenvalue is not sure.
    """
    values, vectors = np.linalg.eigh(covariance)
    if not values[0] > _WORST * values[-1]:
        raise Unfit("a covariance is next to singular")
    return values[::-1], vectors.T[::-1]
