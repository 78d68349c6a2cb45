"""Warnings of shared work are given as often as without sharing."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from clew.select import Search

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
    fitted = [Counter({k: v for k, v in c.items() if k[1] == "fitted"}) for c in (plain, found)]
    assert fitted[0] == fitted[1]


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
