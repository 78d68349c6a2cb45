"""Ridge from one Gram matrix: within the declared tolerance of scikit-learn, or left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from clew.select import Search
from tests.select.compare import assert_same, both

NAME = "total Gram minus fold"
ALPHAS = np.logspace(-2, 3, 6)


def table(rows=160, seed=0, missing=0.1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "small": rng.normal(size=rows),
            "large": rng.normal(size=rows) * 1e4 + 2e5,
            "count": rng.integers(0, 50, rows),
            "word": np.array(["a", "b", "c", "d"])[rng.integers(0, 4, rows)],
            "level": np.array([1, 2, 3])[rng.integers(0, 3, rows)],
        }
    )
    frame.loc[rng.random(rows) < missing, "small"] = np.nan
    codes = frame["word"].map({"a": 1.0, "b": -1.0, "c": 2.0, "d": 0.0}).to_numpy(float)
    noise = rng.normal(size=rows)
    return frame, frame["large"].to_numpy() / 1e4 + 3 * codes + frame["count"] / 10.0 + noise


def pipeline(scale=None, fill="mean", unknown="ignore", **ridge):
    numbers = Pipeline(
        [("fill", SimpleImputer(strategy=fill)), ("scale", scale or StandardScaler())]
    )
    words = OneHotEncoder(handle_unknown=unknown, sparse_output=False)
    columns = ColumnTransformer(
        [("numbers", numbers, ["small", "large", "count"]), ("words", words, ["word", "level"])]
    )
    return Pipeline([("columns", columns), ("model", Ridge(**ridge))])


def check(estimator, space, X, y, **options):
    options = {
        "cv": KFold(4, shuffle=True, random_state=0),
        "extra": {"tolerance": 1e-8},
        **options,
    }
    plain, planned = both(estimator, space, X, y, **options)
    declared = planned.cv_results_["tolerance"]
    summed = planned.cv_results_["rewrite"] == NAME
    assert summed.sum() >= len(summed) // 2  # small penalties may be past the tolerance
    assert ((declared > 0) == summed).all() and declared.max() < 1e-8
    assert_same(plain, planned, atol=max(8 * declared.max(), 1e-12))
    one, other = plain.predict(X), planned.predict(X)
    if is_classifier(estimator):
        np.testing.assert_array_equal(one, other)
    else:
        np.testing.assert_allclose(one, other, rtol=1e-9)
    return planned


@settings(max_examples=8)
@given(
    seed=st.integers(0, 1000),
    scale=st.sampled_from([StandardScaler(), MinMaxScaler(), RobustScaler(), "passthrough"]),
    fill=st.sampled_from(["mean", "median", "most_frequent"]),
    intercept=st.booleans(),
    metric=st.sampled_from(["r2", "neg_mean_absolute_error", "explained_variance"]),
)
def test_scores_are_within_the_declared_tolerance(seed, scale, fill, intercept, metric):
    X, y = table(seed=seed)
    estimator = pipeline(scale, fill, fit_intercept=intercept)
    scored = {"scoring": metric, "return_train_score": seed % 2 == 0}
    declared = pipeline_alphas(scale)
    check(estimator, {"model__alpha": declared}, X, y, **scored)


def pipeline_alphas(scale):
    return ALPHAS * (1e4 if scale == "passthrough" else 1.0)


SPLITTERS = {
    "folds": KFold(3),
    "repeated": RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    "shuffled": ShuffleSplit(3, test_size=0.3, train_size=0.5, random_state=0),
    "in time": TimeSeriesSplit(3),
}


@pytest.mark.parametrize("name", SPLITTERS)
def test_any_folds_will_do(name):
    X, y = table()
    check(pipeline(), {"model__alpha": ALPHAS}, X, y, cv=SPLITTERS[name])


def test_several_metrics_at_once():
    X, y = table()
    metrics = {"scoring": ["r2", "neg_root_mean_squared_error", "neg_max_error"], "refit": "r2"}
    check(pipeline(), {"model__alpha": ALPHAS}, X, y, **metrics)


def test_arrays_and_scalers_alone():
    X, y = table(missing=0.0)
    rows = X[["small", "large", "count"]].to_numpy()
    check(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": ALPHAS}, rows, y)
    check(Ridge(), {"alpha": ALPHAS * 1e6}, rows, y)


def test_a_category_that_a_fold_has_not_seen():
    X, y = table()
    X.loc[0, "word"] = "rare"
    check(pipeline(), {"model__alpha": ALPHAS}, X, y)


LEFT_ALONE = {
    "sparse": make_pipeline(
        ColumnTransformer([("w", OneHotEncoder(), ["word", "level"])]), Ridge(solver="lsqr")
    ),
    "not affine": pipeline(PowerTransformer()),
    "another solver": pipeline(solver="lsqr"),
    "positive": pipeline(positive=True),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_is_not_understood_is_left_alone(name):
    X, y = table()
    estimator = LEFT_ALONE[name]
    key = f"{estimator.steps[-1][0]}__alpha"
    extra = {"extra": {"tolerance": 1e-8}}
    plain, planned = both(estimator, {key: [1.0, 10.0]}, X, y, cv=3, **extra)
    assert NAME not in set(planned.cv_results_["rewrite"])
    assert_same(plain, planned, atol=1e-12)


def test_penalties_too_small_for_the_tolerance_are_solved_directly():
    X, y = table()
    rows = np.column_stack([X["count"], X["count"] + 1e-7 * X["large"], X["level"]])
    alphas = [1e-12, 1e-10, 1.0, 10.0]
    planned = Search(Ridge(), {"alpha": alphas}, cv=3, store=None).fit(rows, y)
    assert list(planned.cv_results_["rewrite"][2:]) == [NAME, NAME]
    assert NAME not in planned.cv_results_["rewrite"][:2]


def test_an_exact_search_does_not_use_it():
    X, y = table()
    planned = Search(pipeline(), {"model__alpha": ALPHAS}, cv=3, tolerance=0.0, store=None)
    planned.fit(X, y)
    assert set(planned.cv_results_["rewrite"]) == {"shared Gram matrix"}


def test_near_ties_are_settled_exactly():
    X, y = table()
    space = {"model__alpha": [1e-9, 1.00000000000001, 1.0, 1e3]}
    plain, planned = both(pipeline(), space, X, y, cv=3, extra={"tolerance": 1e-8})
    assert plain.best_index_ == planned.best_index_
    tied = planned.cv_results_["tolerance"][1:3]
    assert not tied.any() or planned.best_index_ not in (1, 2)
    assert planned.cv_results_["tolerance"][3] > 0


def test_base_columns_past_the_memory_budget_are_not_built():
    X, y = table()
    small = Search(pipeline(), {"model__alpha": ALPHAS}, cv=3, memory_bytes=10_000, store=None)
    assert NAME not in set(small.fit(X, y).cv_results_["rewrite"])


@settings(max_examples=8)
@given(
    seed=st.integers(0, 1000),
    classes=st.integers(2, 4),
    words=st.booleans(),
    intercept=st.booleans(),
    metric=st.sampled_from(["accuracy", "f1_macro", "balanced_accuracy"]),
)
def test_ridge_classifiers_are_solved_for_all_penalties(seed, classes, words, intercept, metric):
    X, target = table(seed=seed)
    codes = np.digitize(target, np.quantile(target, np.linspace(0, 1, classes + 1)[1:-1]))
    y = np.array(["w", "x", "y", "z"])[codes] if words else codes
    estimator = pipeline().set_params(model=RidgeClassifier(fit_intercept=intercept))
    check(estimator, {"model__alpha": ALPHAS}, X, y, scoring=metric, return_train_score=True)


def test_a_class_that_a_fold_lacks_and_weighted_classes_are_left_alone():
    X, _ = table()
    y = np.repeat([0, 1, 2, 3], 40)
    estimator = pipeline().set_params(model=RidgeClassifier())
    weighted = pipeline().set_params(model=RidgeClassifier(class_weight="balanced"))
    for model, cv in ((estimator, KFold(4)), (weighted, KFold(4, shuffle=True, random_state=0))):
        plain, planned = both(
            model, {"model__alpha": ALPHAS}, X, y, cv=cv, extra={"tolerance": 1e-8}
        )
        assert_same(plain, planned)
        assert set(planned.cv_results_["rewrite"]) == {"shared Gram matrix"} or not any(
            planned.cv_results_["rewrite"]
        )


@settings(max_examples=8)
@given(
    seed=st.integers(0, 1000),
    drop=st.booleans(),
    intercept=st.booleans(),
    targets=st.integers(1, 2),
)
def test_linear_regression_is_solved_for_all_folds(seed, drop, intercept, targets):
    X, y = table(seed=seed)
    y = y if targets == 1 else np.column_stack([y, y**2])
    if drop:  # without the indicators, which add up to one, the columns are independent
        X = X.drop(columns=["word", "level"])
        numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
        estimator = Pipeline([*numbers.steps, ("model", LinearRegression())])
    else:
        estimator = pipeline().set_params(model=LinearRegression())
    estimator.set_params(model__fit_intercept=intercept)
    check(estimator, {"model__copy_X": [True]}, X, y, scoring="r2", return_train_score=True)


def test_columns_that_are_almost_equal_are_left_to_the_direct_solver():
    X = np.random.default_rng(0).normal(size=(120, 3))
    X[:, 2] = X[:, 1] + 1e-6 * X[:, 2]
    estimator = Pipeline([("scale", StandardScaler()), ("model", LinearRegression())])
    options = {"cv": KFold(3), "extra": {"tolerance": 1e-8}}
    plain, planned = both(estimator, {"model__n_jobs": [None]}, X, X @ [1.0, 2.0, 3.0], **options)
    assert_same(plain, planned)
    assert not any(planned.cv_results_["rewrite"])


def test_several_targets_at_once():
    X, y = table()
    check(pipeline(), {"model__alpha": ALPHAS}, X, np.column_stack([y, -2 * y]))
