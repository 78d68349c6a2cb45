"""Graphs against the models that they were made of: the same labels, the same doubles."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from clew.errors import UnsupportedValue

pytest.importorskip("onnxruntime")

from clew.adapters.formats.onnx.convert import of_matrix
from clew.adapters.formats.onnx.session import OnnxSession

CLASSIFIERS = [
    DecisionTreeClassifier(random_state=0),
    RandomForestClassifier(12, random_state=0),
    ExtraTreesClassifier(12, random_state=0),
    GradientBoostingClassifier(n_estimators=8, random_state=0),
    HistGradientBoostingClassifier(max_iter=8),
    LogisticRegression(max_iter=500),
    RidgeClassifier(),
    LinearSVC(),
    GaussianNB(),
    KNeighborsClassifier(),
    SVC(),
    VotingClassifier(
        [("a", LogisticRegression(max_iter=500)), ("b", RandomForestClassifier(5, random_state=0))],
        voting="soft",
    ),
    StackingClassifier(
        [("a", GaussianNB()), ("b", RandomForestClassifier(5, random_state=0))], cv=2
    ),
]
REGRESSORS = [
    DecisionTreeRegressor(random_state=0),
    RandomForestRegressor(12, random_state=0),
    GradientBoostingRegressor(n_estimators=8, random_state=0),
    HistGradientBoostingRegressor(max_iter=8),
    HistGradientBoostingRegressor(max_iter=8, loss="poisson"),
    LinearRegression(),
    Ridge(),
]
LABELS = {
    "two": lambda y: (y == 1).astype(int),
    "three": lambda y: y,
    "texts": lambda y: np.array(["setosa", "versicolor", "virginica"])[y],
    "truths": lambda y: y == 1,
}


def rows() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_iris(return_X_y=True)
    return X + np.random.default_rng(0).normal(size=X.shape) * 0.3, y


def run(model: object, X: np.ndarray) -> dict[str, np.ndarray]:
    return OnnxSession(of_matrix(model, X.shape[1])).run({"X": np.asarray(X, dtype=np.float64)})


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda m: type(m).__name__)
def test_a_classifier_gives_its_labels_and_probabilities(model: object, labels: str) -> None:
    X, y = rows()
    fitted = model.fit(X, LABELS[labels](y))
    given = run(fitted, X)
    assert np.array_equal(given["label"], fitted.predict(X))
    assert ("probabilities" in given) == hasattr(fitted, "predict_proba")
    if "probabilities" in given:
        assert np.abs(given["probabilities"] - fitted.predict_proba(X)).max() < 1e-14


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda m: type(m).__name__)
def test_a_regressor_gives_its_values(model: object) -> None:
    X, y = load_diabetes(return_X_y=True)
    fitted = model.fit(X, y)
    assert np.allclose(run(fitted, X)["value"].ravel(), fitted.predict(X), rtol=1e-13, atol=0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), depth=st.integers(1, 12), single=st.booleans())
def test_a_row_on_a_threshold_takes_the_trees_branch(seed: int, depth: int, single: bool) -> None:
    """Rows that lie on the thresholds themselves, and their neighbouring doubles and floats."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(80, 3)) * 10.0 ** generator.integers(-6, 7, size=3)
    y = generator.integers(0, 2, size=80)
    if single:
        model = RandomForestClassifier(4, max_depth=depth, random_state=0).fit(X, y)
        trees = [member.tree_ for member in model.estimators_]
        cuts = [(t.feature[n], t.threshold[n]) for t in trees for n in range(t.node_count)]
    else:
        model = HistGradientBoostingClassifier(max_iter=4, max_depth=depth, min_samples_leaf=2)
        nodes = [p[0].nodes for p in model.fit(X, y)._predictors]
        cuts = [(n["feature_idx"], n["num_threshold"]) for tree in nodes for n in tree]
    edge = []
    for feature, threshold in cuts:
        for value in (
            threshold,
            np.nextafter(threshold, np.inf),
            np.nextafter(threshold, -np.inf),
            np.nextafter(np.float32(threshold), np.float32(np.inf), dtype=np.float32),
        ):
            row = X[generator.integers(len(X))].copy()
            if feature >= 0 and np.isfinite(value):
                row[feature] = value
            edge.append(row)
    edge = np.array(edge)
    given = run(model, edge)
    assert np.abs(given["probabilities"] - model.predict_proba(edge)).max() < 1e-14


def test_missing_values_follow_the_direction_that_training_chose() -> None:
    X, y = rows()
    X = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    for model in (
        HistGradientBoostingClassifier(max_iter=8),
        RandomForestClassifier(8, random_state=0),
    ):
        fitted = model.fit(X, y)
        assert np.abs(run(fitted, X)["probabilities"] - fitted.predict_proba(X)).max() < 1e-14


def test_a_tree_of_one_leaf_is_a_graph_too() -> None:
    X = np.zeros((6, 2))
    fitted = DecisionTreeRegressor().fit(X, np.full(6, 2.5))
    assert run(fitted, X)["value"].ravel().tolist() == [2.5] * 6


@pytest.mark.parametrize("name", ["LGBMClassifier", "LGBMRegressor"])
def test_lightgbm_is_exact(name: str) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    _boosted(getattr(lightgbm, name)(n_estimators=8, verbose=-1), 1e-14)


@pytest.mark.parametrize("name", ["XGBClassifier", "XGBRegressor"])
def test_xgboost_is_as_exact_as_single_precision(name: str) -> None:
    xgboost = pytest.importorskip("xgboost")
    _boosted(getattr(xgboost, name)(n_estimators=8), 1e-6)


def _boosted(model: object, tolerance: float) -> None:
    X, y = rows()
    X = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = model.fit(X, y)
        expected = (
            fitted.predict_proba(X) if hasattr(fitted, "predict_proba") else fitted.predict(X)
        )
        given = run(fitted, X)
    got = given.get("probabilities", given.get("value"))
    assert np.abs(got.reshape(expected.shape) - expected).max() < tolerance


def test_a_subclass_that_may_predict_otherwise_is_not_taken_for_its_base() -> None:
    class Contrary(LogisticRegression):
        def predict(self, X: np.ndarray) -> np.ndarray:
            return super().predict(X)[::-1]

    X, y = rows()
    with pytest.raises(UnsupportedValue, match="Contrary"):
        of_matrix(Contrary(max_iter=500).fit(X, y), X.shape[1])


def test_boosting_on_top_of_another_model_is_refused() -> None:
    X, y = rows()
    model = GradientBoostingClassifier(init=LogisticRegression(max_iter=500), n_estimators=2)
    with pytest.raises(UnsupportedValue, match="on top of another"):
        of_matrix(model.fit(X, y), X.shape[1])
