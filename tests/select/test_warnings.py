"""Warnings of shared work are given as often as without sharing."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from clew.select import Search
from clew.select.store import MemoryStore

X, Y = make_classification(90, 5, random_state=0)


class Talking(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        warnings.warn("fitted", UserWarning, stacklevel=1)
        return self

    def transform(self, X):
        warnings.warn("transformed", RuntimeWarning, stacklevel=1)
        return X


def count(search):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        search.fit(X, Y)
    return Counter((w.category, str(w.message), w.filename, w.lineno) for w in heard)


def both(pipeline, space):
    options = {"cv": 3, "refit": False}
    plain = count(GridSearchCV(pipeline, space, **options))
    found = count(Search(pipeline, space, store=None, **options))
    return plain, found


def test_stages_that_several_configurations_share():
    pipeline = make_pipeline(Talking(), LogisticRegression())
    plain, found = both(pipeline, {"logisticregression__C": [0.1, 1.0, 10.0]})
    assert plain == found
    assert sorted(plain.values()) == [9, 18]  # fitted; transformed twice


def test_stages_before_an_unseeded_one():
    pipeline = make_pipeline(Talking(), RandomForestClassifier(2))
    plain, found = both(pipeline, {"randomforestclassifier__max_depth": [1, 2]})
    assert plain == found


def test_one_fit_for_a_family():
    rows = np.column_stack([X, np.ones(len(X))])
    pipeline = make_pipeline(SelectKBest(), LogisticRegression())
    found, space = [], {"selectkbest__k": [1, 2, 3]}
    for search in (GridSearchCV, Search):
        options = {"store": None} if search is Search else {}
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            search(pipeline, space, cv=3, refit=False, **options).fit(rows, Y)
        found.append(Counter(str(w.message) for w in heard))
    assert found[0] == found[1] and found[0]["Features [5] are constant."] == 9


class Complaining(LogisticRegression):
    """Warns in each part of a task."""

    def fit(self, X, y):
        warnings.warn("model fitted", FutureWarning, stacklevel=1)
        return super().fit(X, y)

    def predict(self, X):
        warnings.warn("asked", UserWarning, stacklevel=1)
        return super().predict(X)


def test_what_the_store_answers_warns_again():
    pipeline = make_pipeline(Talking(), Complaining(random_state=0))
    space = {"complaining__C": [0.1, 1.0]}
    options = {"cv": 3, "refit": False, "scoring": "accuracy"}
    plain = count(GridSearchCV(pipeline, space, **options))
    store = MemoryStore()
    first = Search(pipeline, space, store=store, **options)
    again = Search(pipeline, space, store=store, **options)
    assert count(first) == plain
    assert count(again) == plain
    assert (first.account_.fits, again.account_.fits) == (6, 0)


def test_scoring_warns_again_and_another_metric_on_its_own():
    rows, labels = np.ones((30, 1)), np.repeat([0, 1], 15)
    store = MemoryStore()
    found = []
    for scoring in ("precision", "precision", "f1"):
        search = Search(DummyClassifier(random_state=0), {"strategy": ["prior"]}, cv=3, store=store)
        search.set_params(scoring=scoring, refit=False)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            search.fit(rows, labels)
        found.append((Counter(str(w.message)[:20] for w in heard), search.account_.fits))
    assert found[0][0] == found[1][0] and len(found[0][0]) == 1
    assert [fits for _, fits in found] == [3, 0, 0]


class Odd(UserWarning):
    def __init__(self, one, two):
        super().__init__(one, two)


class Unsayable(LogisticRegression):
    def fit(self, X, y):
        warnings.warn(Odd("a", "b"), stacklevel=1)
        return super().fit(X, y)


def test_what_cannot_be_said_in_text_is_computed_again():
    store = MemoryStore()
    for _ in range(2):
        search = Search(Unsayable(random_state=0), {"C": [1.0]}, cv=3, refit=False, store=store)
        assert sum(count(search).values()) == 3 == search.account_.fits


def test_twins_warn_as_often():
    pipeline = make_pipeline(SimpleImputer(), Complaining(random_state=0))
    plain, found = both(pipeline, {"simpleimputer__strategy": ["mean", "median"]})
    assert plain == found


def test_what_fails_warns_as_often():
    plain, found = both(make_pipeline(FailingStage(), LogisticRegression()), SPACE)
    assert plain == found


SPACE = {"logisticregression__C": [0.1, 1.0, 2.0]}


class FailingStage(Talking):
    def fit(self, X, y=None):
        warnings.warn("about to fail", UserWarning, stacklevel=1)
        return self if X[0, 0] > 0 else self.nothing


def test_the_refit_warns_again():
    store = MemoryStore()
    found = [
        count(Search(Complaining(random_state=0), {"C": [1.0]}, cv=3, store=store))
        for _ in range(2)
    ]
    assert found[0] == found[1]
