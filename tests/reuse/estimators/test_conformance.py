"""scikit-learn's own checks pass under reuse; recomputing never tells the difference."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, QuantileTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from clew.reuse.context import reuse

CHECKED = [
    *(Ridge(), RidgeClassifier(), Lasso(), LogisticRegression(), GaussianNB(), SVC()),
    *(KNeighborsClassifier(), DecisionTreeClassifier(), RandomForestRegressor(n_estimators=3)),
    *(StandardScaler(), MinMaxScaler(), OneHotEncoder(), SimpleImputer(), KNNImputer()),
    *(PCA(), TruncatedSVD(n_components=1), SelectKBest(k=1), CountVectorizer()),
    *(KMeans(n_clusters=2), HistGradientBoostingClassifier(max_iter=2)),
    *(CalibratedClassifierCV(), OneVsRestClassifier(LogisticRegression())),
    *(TransformedTargetRegressor(Ridge()), QuantileTransformer(n_quantiles=3)),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


def failures(model: Any) -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(clone(model), on_fail=None, on_skip=None)
    return {found["check_name"]: str(found["status"]) for found in results}


@pytest.mark.slow
@pytest.mark.parametrize("model", CHECKED, ids=lambda model: type(model).__name__)
def test_the_librarys_own_checks(model: Any) -> None:
    plain = failures(model)
    with reuse():
        first, second = failures(model), failures(model)
    assert first == plain
    assert second == plain


def test_the_librarys_own_checks_of_a_ridge() -> None:
    plain = failures(Ridge())
    with reuse() as r:
        assert failures(Ridge()) == plain
    assert r.stats.hits > 0


MODELS = {
    "ridge": lambda alpha, flag: Ridge(alpha, fit_intercept=flag),
    "pipeline": lambda alpha, flag: make_pipeline(StandardScaler(with_std=flag), Ridge(alpha)),
    "neighbours": lambda alpha, flag: make_pipeline(
        PCA(2, svd_solver="full", whiten=flag), KNeighborsClassifier(1 + int(alpha) % 3)
    ),
    "tree": lambda alpha, flag: DecisionTreeClassifier(
        max_depth=1 + int(alpha), random_state=int(flag)
    ),
    "bayes": lambda alpha, flag: make_pipeline(MinMaxScaler(clip=flag), GaussianNB()),
}
FLOATS = st.floats(-100, 100, width=32)


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """A short program: data sets, and which model is fitted, read or edited on which of them."""
    step = st.tuples(
        st.sampled_from(sorted(MODELS)),
        st.sampled_from([0.5, 1.0, 2.0]),
        st.booleans(),
        st.integers(0, 1),
        st.sampled_from(["fit", "fit", "predict", "write", "order", "edit"]),
    )
    return draw(st.lists(step, min_size=2, max_size=8))


def execute(program: list[tuple[Any, ...]], tables: list[np.ndarray], y: np.ndarray) -> list[bytes]:
    tables = [table.copy() for table in tables]
    seen = []
    for kind, alpha, flag, which, action in program:
        X = tables[which]
        if action == "write":
            X[0, 0] += 1.0
        if action == "order":
            X = np.asfortranarray(X)
        model = MODELS[kind](alpha, flag).fit(X, y)
        if action == "edit" and kind == "ridge":
            model.coef_ *= 2
        out = model.predict(tables[1 - which])
        seen.append(out.tobytes())
        if action == "predict":
            out[:] = -1
            seen.append(model.predict(tables[1 - which]).tobytes())
        seen.append(float(model.score(X, y)).hex().encode())
    return seen


@settings(max_examples=25)
@given(
    programs(),
    hnp.arrays(np.float64, (24, 3), elements=FLOATS),
    hnp.arrays(np.float64, (24, 3), elements=FLOATS),
)
def test_reuse_is_recomputation(program: Any, one: np.ndarray, other: np.ndarray) -> None:
    y = np.arange(24) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = execute(program, [one, other], y)
        with reuse():
            assert execute(program, [one, other], y) == plain
            assert execute(program, [one, other], y) == plain
