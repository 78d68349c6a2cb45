"""What else is built on estimators: each gives under reuse what it gives without, bit by bit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import (
    cross_val_predict,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from clew.reuse.context import reuse
from tests.reuse.estimators.catalogue import CASES, dense
from tests.reuse.estimators.test_identical import check_same, run

X, Y, SIGNAL = dense()
Z = np.digitize(SIGNAL, [-1, 1])
PIPE = make_pipeline(StandardScaler(), LogisticRegression())
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def proba(model: Any, y: Any = Z) -> Any:
    return model.fit(X, y).predict_proba(X)


OTHERS: dict[str, Callable[[], Any]] = {
    "cross_val_predict": lambda: cross_val_predict(PIPE, X, Y, method="predict_proba", cv=4),
    "cross_validate": lambda: {
        key: value
        for key, value in cross_validate(
            PIPE, X, Y, scoring=["f1", "roc_auc"], return_train_score=True
        ).items()
        if not key.endswith("_time")
    },
    "permutation_importance": lambda: permutation_importance(
        PIPE.fit(X, Y), X, Y, n_repeats=3, random_state=0
    ),
    "learning_curve": lambda: learning_curve(PIPE, X, Y, cv=3),
    "validation_curve": lambda: validation_curve(
        PIPE, X, Y, param_name="logisticregression__C", param_range=[0.1, 1.0], cv=3
    ),
    "permutation_test": lambda: permutation_test_score(
        PIPE, X, Y, n_permutations=4, random_state=0, cv=2
    ),
    "partial_dependence": lambda: partial_dependence(PIPE.fit(X, Y), X, [0])["average"],
    "stacking": lambda: proba(
        StackingClassifier([("a", PIPE), ("b", GaussianNB())], LogisticRegression(), cv=3)
    ),
    "calibrated": lambda: proba(CalibratedClassifierCV(PIPE, cv=3)),
    "one_against_rest": lambda: proba(OneVsRestClassifier(PIPE)),
    "one_against_one": lambda: OneVsOneClassifier(PIPE).fit(X, Z).decision_function(X),
    "elimination": lambda: RFECV(LogisticRegression(), cv=3).fit(X, Y).cv_results_,
    "sequential": lambda: SequentialFeatureSelector(GaussianNB(), cv=2).fit(X, Y).support_,
    "bagging": lambda: proba(BaggingClassifier(PIPE, n_estimators=3, random_state=0)),
    "boosting": lambda: proba(AdaBoostClassifier(TREE, n_estimators=3, random_state=0)),
    "ridge_cv": lambda: RidgeCV(alphas=[0.1, 1, 10]).fit(X, SIGNAL).coef_,
}


def flat(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: flat(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [flat(part) for part in value]
    return np.asarray(value).tobytes()


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_it_is_identical(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = flat(OTHERS[name]())
        with reuse() as r:
            assert flat(OTHERS[name]()) == plain
            assert flat(OTHERS[name]()) == plain
        with reuse():  # from the store
            assert flat(OTHERS[name]()) == plain
    assert r.stats.hits > 0


WITH_JOBS = (
    *("ridge_pipeline", "frame_with_missing_values", "text", "polars_output", "groups"),
    *("failing_configurations", "custom_scorers", "multi_label", "halving", "stacking"),
)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
@pytest.mark.parametrize("name", WITH_JOBS)
def test_a_search_in_threads_and_processes(name: str, backend: str) -> None:
    search, data, y, extra = CASES[name]()
    plain, _ = run(search, data, y, extra)
    search, data, y, extra = CASES[name]()
    with reuse(), joblib.parallel_config(backend=backend):
        for _ in range(2):
            found, _ = run(search.set_params(n_jobs=2), data, y, extra)
            plain.set_params(n_jobs=2)
            check_same(plain, found, data)
