"""Many linear models in one scan: as close to training them one by one as is declared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PowerTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from clew.reuse.rewrites.gradient import TOLERANCE
from clew.select import GradientClassifier, GradientRegressor, Search
from tests.select.compare import assert_same

ALPHAS = [1e-3, 1e-2, 0.1, 1.0]


def rows(seed, n_classes=2):
    X, y = make_classification(
        150, 6, n_informative=4, n_classes=n_classes, flip_y=0.1, random_state=seed
    )
    return X, y


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [GradientClassifier(), GradientRegressor()])
def test_they_are_ordinary_estimators(model):
    failed = [r for r in check_estimator(model, on_fail=None) if r["status"] == "failed"]
    assert failed == []


def test_they_reach_what_other_solvers_reach():
    X, y = rows(0)
    alpha = 0.01
    ours = GradientClassifier(alpha=alpha, tol=1e-9).fit(X, y)
    reference = LogisticRegression(C=1 / (alpha * len(X)), tol=1e-10, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(ours.coef_, reference.coef_, rtol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), reference.predict_proba(X), atol=1e-6)
    target = X @ np.arange(6.0) + 3.0
    ours = GradientRegressor(alpha=alpha, tol=1e-9).fit(X, target)
    reference = Ridge(alpha=alpha * len(X)).fit(X, target)
    np.testing.assert_allclose(ours.coef_, reference.coef_, rtol=1e-6)
    assert ours.intercept_ == pytest.approx(reference.intercept_)


def compare(estimator, space, X, y, **options):
    plain = GridSearchCV(estimator, space, **options).fit(X, y)
    found = Search(estimator, space, tolerance=TOLERANCE, store=None, **options).fit(X, y)
    assert set(found.cv_results_["rewrite"]) == {"one scan"}
    assert set(found.cv_results_["tolerance"]) == {TOLERANCE}
    for name, column in plain.cv_results_.items():
        if name.startswith(("split", "mean_test", "mean_train")):
            np.testing.assert_allclose(found.cv_results_[name], column, atol=TOLERANCE)
    return found


@settings(max_examples=10)
@given(
    seed=st.integers(0, 500),
    classes=st.integers(2, 3),
    loss=st.sampled_from(["log_loss", "squared_hinge"]),
    intercept=st.booleans(),
    scaled=st.booleans(),
)
def test_classifiers_of_all_penalties_and_folds(seed, classes, loss, intercept, scaled):
    X, y = rows(seed, classes)
    model = GradientClassifier(loss, fit_intercept=intercept)
    estimator = make_pipeline(StandardScaler(), model) if scaled else model
    name = "gradientclassifier__alpha" if scaled else "alpha"
    scoring = ["accuracy", "neg_log_loss"] if loss == "log_loss" else ["accuracy"]
    options = {"scoring": scoring, "refit": "accuracy", "cv": StratifiedKFold(3)}
    found = compare(estimator, {name: ALPHAS}, X, y, return_train_score=True, **options)
    assert found.account_.fits == 1


@settings(max_examples=6)
@given(seed=st.integers(0, 500), loss=st.sampled_from(["squared_error", "huber"]))
def test_regressors_behind_encoded_words(seed, loss):
    rng = np.random.default_rng(seed)
    words = rng.choice(list("abcd"), p=[0.5, 0.3, 0.19, 0.01], size=120)  # some folds lack a word
    table = pd.DataFrame({"word": words, "x": rng.normal(size=120), "z": rng.normal(size=120)})
    y = table["x"].to_numpy() + (words == "a") + rng.normal(size=120) * 0.1
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("w", encode, ["word"]), ("n", StandardScaler(), ["x", "z"])])
    estimator = Pipeline([("columns", columns), ("model", GradientRegressor(loss))])
    cv = KFold(3, shuffle=True, random_state=seed)
    found = compare(estimator, {"model__alpha": ALPHAS}, table, y, scoring="r2", cv=cv)
    assert found.account_.fits == 1


def test_behind_other_stages_each_fold_is_scanned_once():
    X, y = rows(1)
    estimator = make_pipeline(PowerTransformer(), GradientClassifier())
    found = compare(estimator, {"gradientclassifier__alpha": ALPHAS}, X, y, cv=3)
    assert found.account_.fits == 3


def test_memory_is_bounded_by_training_fewer_at_once():
    X, y = rows(2)
    found = compare(GradientClassifier(), {"alpha": ALPHAS}, X, y, cv=3)
    small = Search(
        GradientClassifier(), {"alpha": ALPHAS}, cv=3, tolerance=TOLERANCE, store=None
    ).set_params(memory_bytes=20_000)
    small.fit(X, y)
    scores = [s.cv_results_["mean_test_score"] for s in (found, small)]
    np.testing.assert_allclose(*scores, atol=TOLERANCE)


def test_it_is_off_by_default_and_failures_are_the_models_own():
    X, y = rows(3)
    space = {"alpha": ALPHAS}
    plain = GridSearchCV(GradientClassifier(), space, cv=3).fit(X, y)
    assert_same(plain, Search(GradientClassifier(), space, cv=3, store=None).fit(X, y))
    slow = Search(GradientClassifier(max_iter=2), space, cv=3, tolerance=TOLERANCE, store=None)
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        slow.fit(X, y)
    assert slow.account_.fits > 1
