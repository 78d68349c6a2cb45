"""Warm-started paths: off by default, close when they are asked for, and said in the results."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from clew.reuse.rewrites.svm import MarginPath
from clew.select import Search
from tests.select.compare import assert_same, both

CASES = {
    "logistic": (LogisticRegression(), {"C": np.logspace(-2, 2, 9)}, "neg_log_loss"),
    "lasso": (Lasso(), {"alpha": np.logspace(-2, 1, 9)}, "r2"),
    "linear svm": (LinearSVC(random_state=0), {"C": np.logspace(-3, 2, 9)}, "accuracy"),
    "linear svm, three classes": (
        LinearSVC(dual=False, random_state=0, fit_intercept=False),
        *({"C": np.logspace(-2, 1, 5)}, "f1_macro"),
    ),
    "elastic net": (ElasticNet(), {"alpha": np.logspace(-2, 1, 9)}, "r2"),
}


def data(name):
    if name in ("logistic", "linear svm"):
        return make_classification(200, 8, random_state=0)
    if name == "linear svm, three classes":
        return make_classification(200, 8, n_informative=4, n_classes=3, random_state=0)
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


@settings(max_examples=15)
@given(
    seed=st.integers(0, 500),
    classes=st.integers(2, 3),
    intercept=st.booleans(),
    sparse=st.booleans(),
)
def test_a_margin_path_reaches_what_liblinear_approaches(seed, classes, intercept, sparse):
    X, y = make_classification(120, 6, n_informative=4, n_classes=classes, random_state=seed)
    model = LinearSVC(fit_intercept=intercept, dual=False, tol=1e-10, max_iter=100_000)
    members = [clone(model).set_params(C=C) for C in (0.01, 1.0, 30.0)]
    rows = csr_matrix(X) if sparse else X
    assert MarginPath().refuse(members, rows, y) == ""
    family = MarginPath().fit(members, rows, y)
    for index, C in enumerate((0.01, 1.0, 30.0)):
        plain = clone(model).set_params(C=C).fit(X, y)
        found = family.model(index)
        np.testing.assert_allclose(found.coef_, plain.coef_, atol=1e-5)
        np.testing.assert_allclose(found.intercept_, plain.intercept_, atol=1e-5)
        np.testing.assert_array_equal(found.predict(X), plain.predict(X))


@settings(max_examples=15)
@given(seed=st.integers(0, 500), rank=st.integers(2, 8))
def test_fewer_singular_vectors_are_a_prefix_within_the_tolerance(seed, rank):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 12)) * np.linspace(3.0, 1.0, 12)
    estimator = make_pipeline(TruncatedSVD(algorithm="arpack", random_state=0), Ridge())
    space = {"truncatedsvd__n_components": sorted({1, 3, rank})}
    y = X[:, 0] + rng.normal(size=60)
    plain, planned = both(estimator, space, X, y, cv=3, extra={"tolerance": 1e-8})
    assert set(planned.cv_results_["tolerance"]) == {1e-8}
    assert_same(plain, planned, atol=1e-8)
    exact = both(estimator, space, X, y, cv=3)[1]
    assert not exact.cv_results_["tolerance"].any()
