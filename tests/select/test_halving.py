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
from clew.select import HalvingSearch, Search
from clew.select.halving import rungs, survivors
from clew.select.store import MemoryStore

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


def test_workers_and_the_store_change_nothing():
    estimator, resource, space = CASES["histogram"]
    options = {"resource": resource, "min_resources": 2, "max_resources": 18, "cv": 3}
    alone = HalvingSearch(estimator, space, store=None, **options).fit(X, Y)
    store = MemoryStore()
    shared = HalvingSearch(estimator, space, store=store, n_jobs=2, **options).fit(X, Y)
    again = HalvingSearch(estimator, space, store=store, **options).fit(X, Y)
    for found in (shared, again):
        for name in ("mean_test_score", "iter", "n_resources", "rank_test_score"):
            np.testing.assert_array_equal(found.cv_results_[name], alone.cv_results_[name])
    assert shared.continued_ == alone.continued_ == 9
    assert (shared.account_.fits, again.account_.fits, again.account_.reused) == (21, 0, 21)
    more = {"learning_rate": [*space["learning_rate"], 0.2]}
    wider = HalvingSearch(estimator, more, store=store, **options).fit(X, Y)
    assert wider.account_.reused > 0
    plain = HalvingSearch(estimator, more, store=None, **options).fit(X, Y)
    np.testing.assert_array_equal(
        wider.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


def test_an_interrupted_climb_keeps_the_rungs_that_are_done():
    def stop(progress):
        if progress.done == 14:  # four candidates on three folds, and the next rung begun
            raise KeyboardInterrupt

    estimator, resource, space = CASES["forest"]
    options = {"resource": resource, "min_resources": 2, "max_resources": 18, "cv": 3}
    search = HalvingSearch(estimator, space, store=None, progress=stop, **options)
    with pytest.warns(UserWarning, match="interrupted"):
        search.fit(X, Y)
    assert search.interrupted_ and list(search.cv_results_["iter"]) == [0, 0, 0, 0]
    assert search.predict(X).shape == (150,)


def test_it_takes_and_clones_the_options_of_search():
    search = HalvingSearch(CASES["forest"][0], {}, factor=2, n_jobs=2, tolerance=0.0)
    copied = clone(search)
    assert copied.get_params(deep=False).keys() >= Search(None, {}).get_params(deep=False).keys()
    assert copied.n_jobs == 2 and copied.tolerance == 0.0 and copied.factor == 2
    assert "factor=2" in repr(search)
    with pytest.raises(TypeError, match="unknown"):
        HalvingSearch(None, {}, unknown=1)


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
