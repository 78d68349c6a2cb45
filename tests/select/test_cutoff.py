"""Stages that give the same values share what follows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler

from clew.select import Search
from tests.select.compare import assert_same

X, Y = make_classification(120, 5, random_state=0)
STEPS = [("fill", SimpleImputer()), ("model", LogisticRegression())]
SPACE = {"fill__strategy": ["mean", "median", "most_frequent"], "model__C": [0.1, 1.0]}


def compare(X, steps=STEPS, space=SPACE, **options):
    plain = GridSearchCV(Pipeline(steps), space, cv=3, **options).fit(X, Y)
    planned = Search(Pipeline(steps), space, cv=3, store=None, **options).fit(X, Y)
    assert_same(plain, planned)
    return planned


@pytest.mark.parametrize("seen", [False, True])
def test_equal_values_are_followed_once(seen):
    found = compare(X, return_train_score=seen)
    assert found.account_.fits == 6 and found.account_.reused == 12
    assert "the same values as in configuration 0" in found.explain_[2].reason


def test_other_values_are_not():
    gaps = X.copy()
    gaps[3, 2] = np.nan  # in one fold's test rows and in the others' training rows
    assert compare(gaps).account_.reused == 0


def test_values_that_differ_in_the_test_rows_only_are_not():
    class Shift(FunctionTransformer):
        def __init__(self, by=0.0):
            super().__init__()
            self.by = by

        def fit_transform(self, X, y=None):
            return np.array(X)

        def transform(self, X):
            return X + self.by

    steps = [("fill", Shift()), STEPS[1]]
    found = compare(X, steps, {"fill__by": [0.0, 1.0], "model__C": [0.1, 1.0]})
    assert found.account_.reused == 0


def test_layout_counts():
    steps = [("fill", FunctionTransformer(np.ascontiguousarray)), STEPS[1]]
    space = {"fill__func": [np.ascontiguousarray, np.asfortranarray], "model__C": [0.1, 1.0]}
    assert compare(X, steps, space).account_.reused == 0


def test_sparse_values_count_too():
    rows = sparse.csr_array(np.where(X > 0, X, 0.0))
    steps = [("fill", MaxAbsScaler()), ("model", LogisticRegression())]
    assert compare(rows, steps, {"fill__copy": [True, False], **C}).account_.reused == 6


C = {"model__C": [0.1, 1.0]}


def test_only_what_is_the_same_below_is_shared():
    space = [
        {"fill__strategy": ["mean"], "model__C": [0.1, 1.0]},
        {"fill__strategy": ["median"], "model__C": [1.0, 10.0]},
    ]
    found = compare(X, STEPS, space)
    assert found.account_.reused == 3 and found.account_.fits == 9


def test_it_holds_at_every_level():
    steps = [STEPS[0], ("reduce", PCA(random_state=0)), STEPS[1]]
    space = {"reduce__n_components": [2, 3], **SPACE}
    found = compare(X, steps, space)
    assert found.account_.fits == 12 and found.account_.reused == 24


def test_a_scorer_that_looks_inside_gets_its_own_pipeline():
    def strategy(estimator, X, y):
        return float(len(estimator.named_steps["fill"].strategy))

    found = compare(X, scoring=strategy)
    assert found.account_.reused == 0
