"""Warm-started paths: each penalty starts from its neighbour's solution.

Not exact: an iterative solver stops where its `tol` lets it, which depends on where it began. The
declared tolerance is what solvers at their default `tol` are off by; a search uses these rewrites
only when it is given that much.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

from clew.reuse.rewrites.sizes import refuse_seed

TOLERANCE = 1e-2


class _Family:
    def __init__(self, fitted: dict[int, Any]) -> None:
        self._fitted = fitted

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._fitted[index]

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return each member's own answer."""
        return [getattr(self._fitted[i], method)(rows) for i in range(len(self._fitted))]


class WarmPath:
    """Estimators that differ in one penalty, fitted from the strongest to the weakest.

    Parameters
    ----------
    classes : tuple of type
        What it understands.
    penalty : str
        The parameter.
    weakest_is_largest : bool
        Whether a larger value penalises less (as `C` does).
    """

    name = "warm-started path"
    tolerance = TOLERANCE

    def __init__(
        self, classes: tuple[type, ...], penalty: str, *, weakest_is_largest: bool
    ) -> None:
        self.classes = classes
        self.sweeps = frozenset({penalty})
        self._penalty, self._ascending = penalty, weakest_is_largest

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members cannot follow one another, or ``""``."""
        first = members[0]
        if first.warm_start:
            return "warm_start is in use"
        if getattr(first, "solver", "lbfgs") not in ("lbfgs", "newton-cg", "newton-cholesky"):
            return refuse_seed(first) or "the solver does not start from given coefficients"
        values = [getattr(member, self._penalty) for member in members]
        usable = all(isinstance(v, (int, float, np.floating)) and v > 0 for v in values)
        return "" if usable else f"{self._penalty} must be a positive number"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Fit all members along the path."""
        order = sorted(range(len(members)), key=self._value(members), reverse=not self._ascending)
        walker = copy.copy(members[0]).set_params(warm_start=True)
        fitted = {}
        for index in order:
            walker.set_params(**{self._penalty: getattr(members[index], self._penalty)}).fit(X, y)
            fitted[index] = copy.deepcopy(walker).set_params(warm_start=False)
        return _Family(fitted)

    def _value(self, members: Sequence[Any]) -> Any:
        return lambda index: getattr(members[index], self._penalty)


REWRITES = (
    WarmPath((LogisticRegression,), "C", weakest_is_largest=True),
    WarmPath((Lasso, ElasticNet), "alpha", weakest_is_largest=False),
)
