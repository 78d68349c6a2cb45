"""Number of components: a PCA of 50 components contains every smaller one. Bit-identical.

Holds where the solver decomposes fully (`full`, `covariance_eigh`); randomised solvers give other
components for another number and are left alone. The kept components are copied, as scikit-learn
copies them, since the product with a view rounds differently.

`TruncatedSVD` by `arpack` iterates to rounding error, so a smaller number gives the same components
but for the last bits: how many depends on the gaps between singular values, which are looked at.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import PCA, TruncatedSVD

from clew.reuse.rewrites.sizes import refuse_seed

_FULL = ("full", "covariance_eigh")
_PER_COMPONENT = ("explained_variance_", "explained_variance_ratio_", "singular_values_")


class _Family:
    def __init__(self, full: PCA, fitted: Any, members: Sequence[Any]) -> None:
        self._full, self._members = full, members
        self._U, self._S, _, self._X, self._is_centered, self._xp = fitted

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        member, full = self._members[index], self._full
        count, limit = member.n_components, min(full.n_samples_, full.n_features_in_)
        model = copy.copy(full)
        model.n_components = count
        model.n_components_ = count
        model.components_ = np.array(full.components_[:count, :], copy=True)
        for name in _PER_COMPONENT:
            setattr(model, name, np.array(getattr(full, name)[:count], copy=True))
        rest = self._all_variance[count:]
        model.noise_variance_ = np.mean(rest) if count < limit else 0.0
        return model

    @property
    def _all_variance(self) -> np.ndarray[Any, Any]:
        return np.asarray(self._full.explained_variance_)

    def output(self, index: int) -> Any:
        """Return what `fit_transform` of member `index` gives."""
        model = self.model(index)
        if self._U is None:
            return model._transform(self._X, self._xp, x_is_centered=self._is_centered)
        # scikit-learn scales a view of U in place; a copy of the view has its column order
        scores = self._U[:, : model.n_components_].copy(order="K")
        scores *= sqrt(self._X.shape[0] - 1) if model.whiten else self._S[: model.n_components_]
        return scores


class Components:
    """PCA that differs in `n_components`."""

    name = "components prefix"
    classes: tuple[type, ...] = (PCA,)
    sweeps = frozenset({"n_components"})
    tolerance = 0.0
    fits_once = True

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these are not prefixes of one decomposition, or ``""``."""
        if not members[0].copy:
            return "copy=False writes into the rows"
        if sparse.issparse(X) or not isinstance(X, np.ndarray):
            return "the rows are no dense array"
        rows, columns = X.shape
        counts = [member.n_components for member in members]
        if not all(type(c) is int and 1 <= c <= min(rows, columns) for c in counts):
            return "n_components must be a number of components"
        solvers = {_solver(member, rows, columns) for member in members}
        if len(solvers) > 1 or not solvers <= set(_FULL):
            return "the solver does not decompose fully"
        return ""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Decompose once, keeping all components."""
        full = copy.copy(members[0])
        full.n_components = min(X.shape)
        full.svd_solver = _solver(members[0], *X.shape)
        fitted = full._fit(X)
        full.svd_solver = members[0].svd_solver
        return _Family(full, fitted, members)


def _solver(member: Any, rows: int, columns: int) -> str:
    """Return the solver that `PCA.fit` chooses for a dense array."""
    if member.svd_solver != "auto":
        return str(member.svd_solver)
    if columns <= 1_000 and rows >= 10 * columns:
        return "covariance_eigh"
    if max(rows, columns) <= 500:
        return "full"
    return "randomized" if member.n_components < 0.8 * min(rows, columns) else "full"


class _Truncated:
    def __init__(self, full: Any, members: Sequence[Any], scores: Any) -> None:
        self._full, self._members, self._scores = full, members, scores

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        model, count = copy.copy(self._full), self._members[index].n_components
        model.n_components = count
        for name in ("components_", *_PER_COMPONENT):
            if hasattr(self._full, name):
                setattr(model, name, getattr(self._full, name)[:count].copy())
        return model

    def output(self, index: int) -> Any:
        """Return what `fit_transform` of member `index` gives, to rounding."""
        return self._scores[:, : self._members[index].n_components].copy(order="K")


class SingularVectors:
    """Truncated decompositions by `arpack` that differ in `n_components`."""

    name = "components prefix"
    classes: tuple[type, ...] = (TruncatedSVD,)
    sweeps = frozenset({"n_components"})
    tolerance = 1e-8

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these are not prefixes of one decomposition, or ``""``."""
        if members[0].algorithm != "arpack" or members[0].tol != 0:
            return "the solver does not iterate to rounding error"
        counts = [member.n_components for member in members]
        if not all(type(c) is int and 1 <= c < min(X.shape) for c in counts):
            return "n_components must be a number of components"
        return refuse_seed(members[0])

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Truncated:
        """Decompose once.

        Raises
        ------
        ArithmeticError
            When singular values are too close for their vectors to be known so well.
        """
        full = copy.copy(max(members, key=lambda m: m.n_components))
        scores = full.fit_transform(X)
        squares = np.asarray(full.singular_values_) ** 2
        gaps = -np.diff(squares) / squares[0]
        # rounding turns a vector by about ε ‖X‖² / gap; 100 leaves room for the restarts
        if gaps.size and 100 * np.finfo(float).eps / gaps.min() > self.tolerance:
            raise ArithmeticError("singular values are too close")
        return _Truncated(full, members, scores)


REWRITES = (Components(), SingularVectors())
