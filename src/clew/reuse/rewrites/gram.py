"""Least squares over all folds: one Gram matrix of the whole study, minus each fold's own rows.

With base columns `U` (see `affine`) the normal equations of a fold are ``A'(G - G_out)A``, where
`G = U'U` is summed once and `G_out` runs over the rows that the fold leaves out. One
eigendecomposition a fold then solves every penalty, and one product predicts with all of them.

The tolerance is derived, not guessed. A solve of the normal equations is off by
``(S + αI)⁻¹ E w`` with ``‖E‖ ≤ p ε ‖S‖``, so predictions on n training rows are off by at most
``p ε ‖S‖ ‖w‖ max √λ / (λ + α) / √n`` in root mean square (Golub and Van Loan, §5.3, with the
penalty added); penalties where that exceeds what the search allows are solved directly.

Without a penalty, directions in which the rows do not vary are left out, as scikit-learn's
least-squares solver leaves them out; where it is not clear which those are, it solves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from clew.reuse.rewrites.affine import Array, Block, NotAffine, base_rows, fold_matrix

NAME = "total Gram minus fold"
_CERTAIN, _NOTHING = 1e-9, 1e-13
"""Squares of singular values, to the largest: past the first a direction counts, below the second
it does not (scikit-learn's limit is 1e-12)."""


@dataclass(frozen=True, slots=True)
class FoldSolution:
    """Ridge solutions of one fold for all penalties.

    Parameters
    ----------
    weights : array of shape (n_base_columns, n_targets, n_penalties)
        Coefficients in the base columns, the constant last.
    tolerances : array of shape (n_penalties,)
        Bound on the root-mean-square error of a prediction, relative to the target's spread.
    """

    weights: Array
    tolerances: Array


class Study:
    """Sums over the rows of a study.

    Parameters
    ----------
    blocks : sequence of Block
        The base columns.
    y : array of shape (n_rows,) or (n_rows, n_targets)
        Targets.
    splits : sequence of (train, test)
        Row numbers of each fold.
    """

    def __init__(
        self, blocks: Sequence[Block], y: Array, splits: Sequence[tuple[Array, Array]]
    ) -> None:
        self.blocks, self.splits = blocks, splits
        targets = y.reshape(len(y), -1)
        self.y_mean = targets.mean(axis=0)
        self.y = targets - self.y_mean
        self._rest = [_others(len(y), train) for train, _ in splits]
        self._rows: dict[int, Array] = {}
        self._sums = self._all_sums()

    def _all_sums(self) -> list[tuple[Array, Array]]:
        """Return the Gram matrix and moments of each fold's training rows."""
        outside = [self._sum(rest, fold) for fold, rest in enumerate(self._rest)]
        if _is_partition(self._rest, len(self.y)):
            total = (sum(g for g, _ in outside), sum(m for _, m in outside))
        else:
            total = self._sum(np.arange(len(self.y)), None)
        return [(total[0] - gram, total[1] - moment) for gram, moment in outside]

    def _sum(self, rows: Array, fold: int | None) -> tuple[Array, Array]:
        base = base_rows(self.blocks, rows)
        if fold is not None and np.array_equal(rows, np.sort(self.splits[fold][1])):
            self._rows[fold] = base
        return base.T @ base, base.T @ self.y[rows]

    def solve(self, fold: int, alphas: Array, *, intercept: bool) -> FoldSolution:
        """Solve a fold for all penalties.

        Raises
        ------
        NotAffine
            When the fold's preprocessing is not affine (a category unseen in training, …).
        """
        matrix = fold_matrix(self.blocks, *self.splits[fold])
        gram, moment = self._sums[fold]
        count = gram[-1, -1]
        means = matrix.T @ gram[:, -1] / count if intercept else np.zeros(matrix.shape[1])
        y_mean = moment[-1] / count if intercept else -self.y_mean
        square = matrix.T @ gram @ matrix - count * np.outer(means, means)
        target = self._target(matrix, gram, moment, means, y_mean, intercept=intercept)
        values, vectors = np.linalg.eigh((square + square.T) / 2)
        floor = np.finfo(float).eps * len(values) * max(values[-1], 0.0)
        values = np.clip(values, 0.0, None)
        if not alphas.all():
            values, vectors = _ranked(values, vectors)
        shares = (vectors.T @ target)[:, :, None] / (values[:, None, None] + alphas)
        coef = np.tensordot(vectors, shares, axes=1)
        weights = np.tensordot(matrix, coef, axes=1)
        if intercept:
            weights[-1] += (y_mean + self.y_mean)[:, None] - np.tensordot(means, coef, axes=1)
        return FoldSolution(weights, self._bounds(values, floor, coef, alphas, count))

    def _target(
        self,
        matrix: Array,
        gram: Array,
        moment: Array,
        means: Array,
        y_mean: Array,
        *,
        intercept: bool,
    ) -> Array:
        if intercept:
            return np.asarray(matrix.T @ moment - gram[-1, -1] * np.outer(means, y_mean))
        return np.asarray(matrix.T @ (moment + np.outer(gram[:, -1], self.y_mean)))

    def _bounds(
        self, values: Array, floor: float, coef: Array, alphas: Array, count: float
    ) -> Array:
        spread = self.y.std(axis=0)
        spread[spread == 0.0] = 1.0
        floored = np.maximum(values, floor)[:, None]
        gain = (np.sqrt(floored) / (floored + alphas)).max(axis=0)
        error: Array = floor * np.linalg.norm(coef, axis=0) * gain / np.sqrt(count)
        bounds = (error / spread[:, None]).max(axis=0)
        if len(values) < len(coef):  # what was left out turns with the rounding of the rest
            bounds = np.maximum(bounds, floor / values[0])
        return np.asarray(np.maximum(bounds, 1e-14))

    def rows(self, fold: int) -> Array:
        """Return the base columns of a fold's test rows, in the fold's order."""
        test = self.splits[fold][1]
        kept = self._rows.get(fold)
        if kept is None:
            return base_rows(self.blocks, test)
        return kept if _is_sorted(test) else np.asarray(kept[np.argsort(np.argsort(test))])

    def train_rows(self, fold: int) -> Array:
        """Return the base columns of a fold's training rows."""
        return base_rows(self.blocks, self.splits[fold][0])


def predictions(solution: FoldSolution, rows: Array, *, flat: bool = True) -> Iterator[Array]:
    """Yield the predictions for some rows, one array a penalty; `flat` for a single target."""
    columns, targets, penalties = solution.weights.shape
    if flat:
        yield from solution.weights[:, 0].T @ rows.T
        return
    found = rows @ solution.weights.reshape(columns, targets * penalties)
    yield from np.moveaxis(found.reshape(len(rows), targets, penalties), 2, 0)


def _ranked(values: Array, vectors: Array) -> tuple[Array, Array]:
    """Return the directions that scikit-learn's solver counts (singular values past 1e-6).

    Raises
    ------
    NotAffine
        When a direction is neither clearly one of them nor clearly none.
    """
    share = values / values[-1] if values[-1] > 0 else values
    kept = share > _CERTAIN
    if (share[~kept] > _NOTHING).any() or not kept.any():
        raise NotAffine("the rows barely vary in some direction")
    return values[kept], vectors[:, kept]


def _others(count: int, train: Array) -> Array:
    mask = np.ones(count, dtype=bool)
    mask[train] = False
    if len(np.unique(train)) != len(train):
        raise ValueError("a training row occurs twice")
    return np.flatnonzero(mask)


def _is_sorted(rows: Array) -> bool:
    return bool((np.diff(rows) > 0).all())


def _is_partition(parts: Sequence[Array], count: int) -> bool:
    seen = np.concatenate(parts) if parts else np.empty(0, dtype=int)
    return len(seen) == count and len(np.unique(seen)) == count
