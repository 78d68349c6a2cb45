"""Ridge on one training set: the Gram matrix is computed once for all penalties. Bit-identical.

The same centring, the same product and the same Cholesky solve as scikit-learn's own `cholesky`
solver, of which only the last depends on `alpha`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.linear_model import Ridge
from sklearn.linear_model._base import _preprocess_data
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import validate_data

_Array = np.ndarray[Any, Any]


class _Family:
    def __init__(self, members: Sequence[Any]) -> None:
        self._members = members

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._members[index]

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return each member's own answer."""
        return [getattr(member, method)(rows) for member in self._members]


class SharedGram:
    """Ridge regressions that differ in `alpha`."""

    name = "shared Gram matrix"
    classes: tuple[type, ...] = (Ridge,)
    sweeps = frozenset({"alpha"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members are not solved by Cholesky, or ``""``."""
        first = members[0]
        if first.positive or first.solver not in ("auto", "cholesky"):
            return "another solver is used"
        if not isinstance(X, np.ndarray) or X.dtype.kind not in "fiub":
            return "the rows are no dense array of numbers"
        if X.shape[0] < X.shape[1]:
            return "there are more columns than rows"
        alphas = [member.alpha for member in members]
        if not all(isinstance(a, (int, float, np.floating)) and a > 0 for a in alphas):
            return "alpha must be one positive number"
        return ""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Solve for all penalties."""
        first = members[0]
        X, y = validate_data(
            first,
            X,
            y,
            dtype=[np.float64, np.float32],
            force_writeable=True,
            multi_output=True,
            y_numeric=True,
        )
        centred, y, X_offset, y_offset, X_scale, _ = _preprocess_data(
            X, y, fit_intercept=first.fit_intercept, copy=True, rescale_with_sw=False
        )
        targets = y.reshape(-1, 1) if y.ndim == 1 else y
        gram = safe_sparse_dot(centred.T, centred, dense_output=True)
        moment = safe_sparse_dot(centred.T, targets, dense_output=True)
        for member in members:
            _inherit(member, first)
            coef = _solve(gram, moment, member.alpha)
            member.coef_ = np.asarray(coef.ravel() if targets.shape[1] == 1 else coef)
            member.n_iter_, member.solver_ = None, "cholesky"
            member._set_intercept(X_offset, y_offset, X_scale)
        return _Family(members)


def _inherit(member: Any, first: Any) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(first, name):
            setattr(member, name, copy.copy(getattr(first, name)))


def _solve(gram: _Array, moment: _Array, alpha: float) -> Any:
    shifted = gram.copy()
    shifted.flat[:: gram.shape[0] + 1] += np.asarray(alpha, dtype=gram.dtype)
    return linalg.solve(shifted, moment, assume_a="pos", overwrite_a=True).T


REWRITES = (SharedGram(),)
