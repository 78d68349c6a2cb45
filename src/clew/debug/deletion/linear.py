"""A linear model that remembers what it is made of: sources and rows are deleted exactly.

Least squares needs of the data only sums over rows: products of columns with each other and with
the target. Kept by source, what is deleted is left out of the sums or taken from them, and the
small system that is left is solved again; so a deletion costs what the deleted rows cost, not
what all rows cost, and gives what a refit gives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.deletion.annotated import Annotated, Matrix
from clew.errors import InvalidParameter, InvalidState, NotFound

_SINGULAR = 1e13
_ALL = "(all rows)"


@dataclass(frozen=True, slots=True)
class Influence:
    """How a model changes without a source.

    Parameters
    ----------
    source : str
        What is left out.
    rows : int
        How many rows that are.
    change : float
        Euclidean length of the change of the coefficients, each in units of its column's spread.
    """

    source: str
    rows: int
    change: float


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A linear or ridge regression from which data can be deleted.

    Made by `fit`. Rows are kept as they were given, not copied.

    Attributes
    ----------
    coef_ : array of shape (features,)
        The coefficients.
    intercept_ : float
        The constant; not penalised.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    source_of: NDArray[np.int64]
    names: tuple[str, ...]
    alpha: float
    shift: Matrix
    products: Annotated
    kept: NDArray[np.bool_]
    coef_: Matrix
    intercept_: float

    @classmethod
    def fit(
        cls,
        X: Any,
        y: Any,
        *,
        sources: Sequence[str] | None = None,
        alpha: float = 0.0,
    ) -> LinearModel:
        """Return the model of rows that came from sources.

        Parameters
        ----------
        X : array of shape (rows, features)
        y : array of shape (rows,)
        sources : sequence of str, optional
            Where each row came from: a file, a customer, a day.
        alpha : float
            Weight of the squared coefficients, as scikit-learn's `Ridge` has it.

        Raises
        ------
        InvalidParameter
            When shapes do not fit, or numbers are missing.
        InvalidState
            When the coefficients are not determined.
        """
        rows, target = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        if rows.ndim != 2 or target.shape != rows.shape[:1] or not len(rows):
            raise InvalidParameter("rows and targets", got=f"{rows.shape}, {target.shape}")
        if not (np.isfinite(rows).all() and np.isfinite(target).all()) or alpha < 0:
            raise InvalidParameter("numbers are finite, and alpha is 0 or more")
        given = [_ALL] * len(rows) if sources is None else [str(one) for one in sources]
        if len(given) != len(rows):
            raise InvalidParameter("a source per row", got=str(len(given)), expected=str(len(rows)))
        names, source_of = np.unique(np.array(given, dtype=object), return_inverse=True)
        # Any shift gives the same model; this one keeps the sums small.
        shift = np.concatenate([rows.mean(axis=0), [target.mean()]])
        parts = {
            frozenset([str(name)]): _products(rows[mine], target[mine], shift)
            for at, name in enumerate(names)
            for mine in [np.flatnonzero(source_of == at)]
        }
        return _solved(
            cls(
                X=rows,
                y=target,
                source_of=source_of,
                names=tuple(str(name) for name in names),
                alpha=alpha,
                shift=shift,
                products=Annotated(parts),
                kept=np.ones(len(rows), dtype=bool),
                coef_=np.zeros(rows.shape[1]),
                intercept_=0.0,
            )
        )

    def predict(self, X: Any) -> Matrix:
        """Return the predictions for rows of shape (rows, features)."""
        found: Matrix = np.asarray(X, dtype=float) @ self.coef_ + self.intercept_
        return found

    def without(
        self, *, sources: Collection[str] = (), rows: Sequence[int] | NDArray[Any] = ()
    ) -> LinearModel:
        """Return the model as a refit without these sources and rows would give it.

        Parameters
        ----------
        sources : collection of str
            Sources to delete whole.
        rows : sequence of int
            Positions of rows to delete; those that are gone already count once.

        Raises
        ------
        NotFound
            When there is no such source or row.
        InvalidState
            When what is left does not determine the coefficients.
        """
        unknown = set(sources) - set(self.names)
        if unknown:
            raise NotFound(
                "no row came from this source",
                got=repr(min(unknown)),
                expected=", ".join(self.names),
            )
        given = np.asarray(rows, dtype=np.int64)
        if len(given) and (given.min() < 0 or given.max() >= len(self.X)):
            raise NotFound("no such row", got=f"{given.min()}, {given.max()}", expected=self._known)
        kept = self.kept.copy()
        left = self.products.without(sources)
        for name in sources:
            kept &= self.source_of != self.names.index(name)
        gone = np.sort(given[kept[given]])
        kept[gone] = False
        gone = gone[np.concatenate([[True], gone[1:] != gone[:-1]])] if len(gone) else gone
        owners = self.source_of.take(gone)
        for at in np.unique(owners) if len(self.names) > 1 else (0,) if len(gone) else ():
            mine = gone[owners == at] if len(self.names) > 1 else gone
            taken = _products(self.X.take(mine, axis=0), self.y.take(mine), self.shift)
            left = left + Annotated.of(self.names[at], -taken)
        return _solved(replace(self, products=left, kept=kept))

    @property
    def _known(self) -> str:
        return f"0 to {len(self.X) - 1}"

    def influence(self) -> tuple[Influence, ...]:
        """Return how much the model changes without each source, the most first."""
        spread = np.sqrt(np.maximum(np.diag(self.products.total())[:-2] / self.kept.sum(), 0.0))
        found = []
        for at, name in enumerate(self.names):
            count = int((self.kept & (self.source_of == at)).sum())
            if 0 < count < self.kept.sum():
                change = (self.without(sources=[name]).coef_ - self.coef_) * spread
                found.append(Influence(name, count, float(np.linalg.norm(change))))
        return tuple(sorted(found, key=lambda one: -one.change))


def _products(X: Matrix, y: Matrix, shift: Matrix) -> Matrix:
    """Return the products of columns, target and constant with one another, summed over rows."""
    table = np.empty((len(X), X.shape[1] + 2))
    np.subtract(X, shift[:-1], out=table[:, :-2])
    np.subtract(y, shift[-1], out=table[:, -2])
    table[:, -1] = 1.0
    found: Matrix = table.T @ table
    return found


def _solved(model: LinearModel) -> LinearModel:
    """Return the model with its coefficients, from the sums alone."""
    sums = model.products.total()
    n = float(model.kept.sum())
    if n < 1:
        raise InvalidState("no row is left")
    means = sums[:-1, -1] / n
    # Of what is left, around its own means: the constant is not penalised.
    around = sums[:-1, :-1] - n * np.outer(means, means)
    system = around[:-1, :-1] + model.alpha * np.eye(len(means) - 1)
    scale = np.sqrt(np.maximum(np.diag(system), 1e-300))
    scaled = system / np.outer(scale, scale)
    spectrum = np.linalg.eigvalsh(scaled)
    if spectrum[0] * _SINGULAR < spectrum[-1]:
        raise InvalidState(
            "these rows do not determine the coefficients",
            got=f"{int(n)} rows, {len(scale)} features, alpha {model.alpha:g}",
            hint="alpha above 0, or fewer features",
        )
    coef = np.linalg.solve(scaled, around[:-1, -1] / scale) / scale
    shift = model.shift
    intercept = float(shift[-1] + means[-1] - coef @ (shift[:-1] + means[:-1]))
    return replace(model, coef_=coef, intercept_=intercept)
