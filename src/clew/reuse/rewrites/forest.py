"""Forest size: a forest of 500 trees contains the one of 100 (the first trees, same seeds).

Trees draw their seeds one after the other from one generator, so a smaller forest with the same
`random_state` is a prefix of a larger one, and its prediction a partial sum. Bit-identical.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes


def view(full: Any, member: Any) -> Any:
    """Return the forest of the first ``member.n_estimators`` trees of a fitted forest."""
    forest = copy.copy(full)
    forest.n_estimators = member.n_estimators
    forest.estimators_ = full.estimators_[: member.n_estimators]
    return forest


class _Family(PredictorFamily):
    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Answer all sizes in one pass over the trees."""
        sequential = self.full.n_jobs in (None, 1) and self.full.n_outputs_ == 1
        if is_classifier(self.full) and method in ("predict", "predict_proba") and sequential:
            proba = self._sums(rows, "predict_proba", int(self.full.n_classes_))
            return proba if method == "predict_proba" else [self._classes(p) for p in proba]
        if not is_classifier(self.full) and method == "predict" and sequential:
            return self._sums(rows, "predict", None)
        return super().answers(method, rows)

    def _classes(self, proba: np.ndarray[Any, Any]) -> Any:
        return self.full.classes_.take(np.argmax(proba, axis=1), axis=0)

    def _sums(self, rows: Any, method: str, width: int | None) -> list[np.ndarray[Any, Any]]:
        rows = self.full._validate_X_predict(rows)
        total = np.zeros((rows.shape[0], width) if width else rows.shape[0], dtype=np.float64)
        means: dict[int, np.ndarray[Any, Any]] = {}
        wanted = {member.n_estimators for member in self.members}
        for count, tree in enumerate(self.full.estimators_, start=1):
            total += getattr(tree, method)(rows, check_input=False)
            if count in wanted:
                means[count] = total / count
        return [means[member.n_estimators] for member in self.members]


class ForestSize:
    """Forests that differ in `n_estimators`."""

    name = "forest prefix"
    classes: tuple[type, ...] = (
        RandomForestClassifier,
        RandomForestRegressor,
        ExtraTreesClassifier,
        ExtraTreesRegressor,
    )
    sweeps = frozenset({"n_estimators"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these forests are not prefixes of one, or ``""``."""
        if members[0].oob_score:
            return "oob_score is asked for: it depends on all trees"
        return refuse_sizes(members, "n_estimators")

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Fit the largest forest."""
        full = max(members, key=lambda m: m.n_estimators)
        return _Family(full.fit(X, y), members, view)


REWRITES = (ForestSize(),)
