"""Neighbours: one table of distances to the largest `k` answers every smaller one.

Bit-identical for brute force and k-d trees: the distances do not depend on `k`, only the order of
neighbours at equal distance may. Rows where that could matter are asked again, plainly. Ball trees
are never rewritten: their distances differ in the last bits from one `k` to another.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.utils import _safe_indexing
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes

_SPARE = 8
"""Neighbours looked up beyond the largest `k`, to see where ties at the border end."""

_Table = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def view(full: Any, member: Any) -> Any:
    """Return a fitted copy with the member's `n_neighbors` and `weights`."""
    model = copy.copy(full)
    model.n_neighbors, model.weights = member.n_neighbors, member.weights
    return model


class _Family(PredictorFamily):
    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Answer all members from one table of distances."""
        if method not in ("predict", "predict_proba"):
            return super().answers(method, rows)
        largest = max(member.n_neighbors for member in self.members)
        count = min(largest + _SPARE, self.full.n_samples_fit_)
        table = self.full.kneighbors(rows, n_neighbors=count)
        return [self._answer(i, method, rows, table) for i in range(len(self.members))]

    def _answer(self, index: int, method: str, rows: Any, table: _Table) -> Any:
        plain, k = self.model(index), self.members[index].n_neighbors
        doubtful = np.flatnonzero(self._doubtful(table, k))
        if len(doubtful) > len(table[0]) // 2 or (len(doubtful) and self._threaded()):
            return getattr(plain, method)(rows)
        answer = self._from_table(plain, method, rows, table, k)
        if len(doubtful):
            answer[doubtful] = getattr(plain, method)(_safe_indexing(rows, doubtful))
        return answer

    def _from_table(self, plain: Any, method: str, rows: Any, table: _Table, k: int) -> Any:
        model = copy.copy(plain)
        distances, indices = (np.ascontiguousarray(part[:, :k]) for part in table)
        model._fit_method = "table"  # keeps `predict` from its fused search

        def kneighbors(X: Any, n_neighbors: Any = None, return_distance: bool = True) -> Any:
            return (distances, indices) if return_distance else indices

        model.kneighbors = kneighbors
        if method == "predict" and is_classifier(model) and model.weights == "uniform":
            votes = model.predict_proba(rows)
            return model.classes_[np.argmax(votes, axis=1)]
        return getattr(model, method)(rows)

    def _doubtful(self, table: _Table, k: int) -> np.ndarray[Any, Any]:
        """Tell for which rows another order at equal distance could change the answer."""
        distances, indices = table
        if not is_classifier(self.full):
            width = min(k + 1, distances.shape[1])
            ties = distances[:, 1:width] == distances[:, : width - 1]
            return np.asarray(ties.any(axis=1))
        border = distances[:, k - 1 : k]
        tied = distances == border
        doubtful = tied[:, k:].any(axis=1)
        chosen = np.flatnonzero(doubtful)
        labels = self.full._y[indices[chosen]]
        first = np.take_along_axis(labels, tied[chosen].argmax(axis=1)[:, None], axis=1)
        same = ((labels == first) | ~tied[chosen]).all(axis=1)
        doubtful[chosen] = ~same | tied[chosen, -1]
        return np.asarray(doubtful)

    def _threaded(self) -> bool:
        """With several threads a plain search may break ties in another order for fewer rows."""
        return bool(_openmp_effective_n_threads() > 1 and not is_classifier(self.full))


class Neighbours:
    """Nearest neighbours that differ in `n_neighbors` and `weights`."""

    name = "distance table"
    classes: tuple[type, ...] = (KNeighborsClassifier, KNeighborsRegressor)
    sweeps = frozenset({"n_neighbors", "weights"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members do not share their distances, or ``""``."""
        first, largest = members[0], max(m.n_neighbors for m in members)
        if any(m.weights not in ("uniform", "distance") for m in members):
            return "weights are computed by a function"
        if np.ndim(y) != 1:
            return "there are several targets"
        if first.algorithm == "ball_tree" or callable(first.metric):
            return "distances are not the same for each k"
        if largest >= X.shape[0] // 2:
            return "k is past half of the training rows"
        return refuse_sizes(members, "n_neighbors")

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Index the training rows once."""
        full = max(members, key=lambda m: m.n_neighbors)
        full.fit(X, y)
        if full._fit_method == "ball_tree":
            raise ValueError("a ball tree was chosen")
        return _Family(full, members, view)


REWRITES = (Neighbours(),)
