"""Warm-started paths: off by default, close when they are asked for, and said in the results."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression
from sklearn.model_selection import GridSearchCV

from clew.select import Search

CASES = {
    "logistic": (LogisticRegression(), {"C": np.logspace(-2, 2, 9)}, "neg_log_loss"),
    "lasso": (Lasso(), {"alpha": np.logspace(-2, 1, 9)}, "r2"),
    "elastic net": (ElasticNet(), {"alpha": np.logspace(-2, 1, 9)}, "r2"),
}


def data(name):
    if name == "logistic":
        return make_classification(200, 8, random_state=0)
    return make_regression(200, 8, noise=5.0, random_state=0)


@pytest.mark.parametrize("name", CASES)
def test_paths_are_close_and_declared(name):
    estimator, space, scoring = CASES[name]
    X, y = data(name)
    plain = GridSearchCV(estimator, space, scoring=scoring, cv=3).fit(X, y)
    found = Search(estimator, space, scoring=scoring, cv=3, tolerance=1e-2, store=None).fit(X, y)
    one, other = (s.cv_results_["mean_test_score"] for s in (plain, found))
    assert set(found.cv_results_["tolerance"]) <= {0.0, 1e-2}
    assert "warm-started path" in set(found.cv_results_["rewrite"])
    np.testing.assert_allclose(other, one, atol=1e-2)
    assert found.best_index_ == plain.best_index_


@pytest.mark.parametrize("name", CASES)
def test_paths_are_off_by_default(name):
    estimator, space, scoring = CASES[name]
    X, y = data(name)
    found = Search(estimator, space, scoring=scoring, cv=3, store=None).fit(X, y)
    assert not any(found.cv_results_["rewrite"])
