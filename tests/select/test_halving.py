"""Halving that continues: the same scores as fresh fits, for less."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clew.errors import InvalidParameter
from clew.select import HalvingSearch
from clew.select.halving import rungs, survivors

X, Y = make_classification(150, 6, n_informative=4, flip_y=0.2, random_state=0)
CASES = {
    "histogram": (
        HistGradientBoostingClassifier(random_state=0, early_stopping=False),
        *("max_iter", {"learning_rate": [0.01, 0.1, 0.5, 1.0]}),
    ),
    "boosting": (
        GradientBoostingClassifier(random_state=0, subsample=0.8),
        *("n_estimators", {"learning_rate": [0.01, 0.1, 0.5, 1.0]}),
    ),
    "forest": (
        *(RandomForestClassifier(random_state=0), "n_estimators"),
        {"max_depth": [1, 2, 4, None]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_rung_scores_as_a_fresh_fit_of_its_size(name):
    estimator, resource, space = CASES[name]
    options = {"min_resources": 2, "max_resources": 18, "factor": 3, "cv": 3}
    found = HalvingSearch(estimator, space, resource=resource, **options).fit(X, Y)
    results = found.cv_results_
    assert found.n_resources_ == [2, 6, 18] and found.n_candidates_ == [4, 2, 1]
    assert list(results["iter"]) == [0, 0, 0, 0, 1, 1, 2]
    for row, parameters in enumerate(results["params"]):
        fresh = clone(estimator).set_params(**parameters)
        expected = cross_val_score(fresh, X, Y, cv=3)
        splits = [results[f"split{i}_test_score"][row] for i in range(3)]
        np.testing.assert_array_equal(splits, expected)
    assert found.continued_ == 9
    assert found.best_params_[resource] == 18 and found.best_index_ == 6
    fresh = clone(estimator).set_params(**found.best_params_).fit(X, Y)
    np.testing.assert_array_equal(fresh.predict(X), found.predict(X))


def test_a_pipeline_fits_its_transformers_once_a_fold():
    fits = []

    class Counting(StandardScaler):
        def fit(self, X, y=None):
            fits.append(len(X))
            return super().fit(X, y)

    estimator = make_pipeline(Counting(), RandomForestClassifier(random_state=0))
    space = {"randomforestclassifier__max_depth": [1, 2, 3]}
    resource = "randomforestclassifier__n_estimators"
    options = {"min_resources": 2, "max_resources": 6, "cv": 3, "refit": False}
    found = HalvingSearch(estimator, space, resource=resource, **options).fit(X, Y)
    assert fits == [100, 100, 100] and found.continued_ == 3


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(),
        RandomForestClassifier(random_state=0, oob_score=True),
        GradientBoostingClassifier(random_state=0, n_iter_no_change=2),
    ],
    ids=["no seed", "oob", "stopping early"],
)
def test_what_cannot_be_continued_is_fitted_anew(estimator):
    options = {"min_resources": 30, "max_resources": 60, "factor": 2, "cv": 2}
    found = HalvingSearch(estimator, {"max_depth": [1, 2]}, **options).fit(X, Y)
    assert found.continued_ == 0 and list(found.cv_results_["n_resources"]) == [30, 30, 60]


def test_ladders_that_make_no_sense_are_refused():
    with pytest.raises(InvalidParameter, match="ladder"):
        HalvingSearch(RandomForestClassifier(), {}, min_resources=5, max_resources=2).fit(X, Y)
    with pytest.raises(InvalidParameter, match="halving sets itself"):
        HalvingSearch(RandomForestClassifier(), {"n_estimators": [1, 2]}).fit(X, Y)
    with pytest.raises(ValueError, match="Invalid parameter"):
        HalvingSearch(LogisticRegression(), {"C": [1.0]}).fit(X, Y)


def test_rungs_and_survivors():
    assert rungs(20, 180, 3) == [20, 60, 180]
    assert rungs(50, 60, 2) == [60]
    assert survivors([0.1, 0.5, np.nan, 0.4], 2) == [1, 3]
    assert survivors([np.nan], 3) == [0]
