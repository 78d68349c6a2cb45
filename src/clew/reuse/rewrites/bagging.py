"""Bagging: a bag of 50 estimators contains the one of 10. Bit-identical."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sklearn.ensemble import BaggingClassifier, BaggingRegressor

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes


def view(full: Any, member: Any) -> Any:
    """Return the bag of the first ``member.n_estimators`` estimators of a fitted one."""
    bag = copy.copy(full)
    bag.n_estimators = member.n_estimators
    bag.estimators_ = full.estimators_[: member.n_estimators]
    bag.estimators_features_ = full.estimators_features_[: member.n_estimators]
    bag._seeds = full._seeds[: member.n_estimators]
    return bag


class BagSize:
    """Bags that differ in `n_estimators`."""

    name = "bag prefix"
    classes: tuple[type, ...] = (BaggingClassifier, BaggingRegressor)
    sweeps = frozenset({"n_estimators"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these bags are not prefixes of one, or ``""``."""
        if members[0].oob_score:
            return "oob_score is asked for: it depends on all estimators"
        return refuse_sizes(members, "n_estimators")

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> PredictorFamily:
        """Fit the largest bag."""
        full = max(members, key=lambda m: m.n_estimators)
        return PredictorFamily(full.fit(X, y), members, view)


REWRITES = (BagSize(),)
