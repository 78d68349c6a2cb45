"""The quick digest: it changes with every edit, and agrees with the state that a copy has."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clew
from clew.reuse.estimators.copying import Copier
from clew.reuse.estimators.quick import quick_digest

X, Y = make_classification(60, 5, random_state=0)
MODELS = [
    RandomForestClassifier(5, random_state=0),
    GradientBoostingClassifier(n_estimators=3, random_state=0),
    LogisticRegression(),
    KNeighborsClassifier(algorithm="brute"),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


def digest(estimator):
    return quick_digest(estimator)[0]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_it_stays_while_nothing_changes(model):
    fitted = model.fit(X, Y)
    before = digest(fitted)
    fitted.predict(X)
    fitted.score(X, Y)
    assert digest(fitted) == before


def test_a_restored_state_has_the_digest_of_the_first():
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    first, copier = Copier({}), Copier({})
    taken = {k: first.copy(v) for k, v in vars(forest).items()}
    again = RandomForestClassifier()
    vars(again).update({k: copier.copy(v) for k, v in taken.items()})
    assert digest(again) == digest(forest)


def edit_a_tree(forest):
    forest.estimators_[3].tree_.value[0, 0, 0] += 1.0


def edit_a_threshold(forest):
    forest.estimators_[2].tree_.threshold[0] += 1.0


EDITS = {
    "a tree's value": edit_a_tree,
    "a tree's threshold": edit_a_threshold,
    "a parameter": lambda forest: forest.set_params(min_samples_leaf=2),
    "one for True": lambda forest: setattr(forest, "bootstrap", 1),
    "a float for an int": lambda forest: setattr(forest, "n_outputs_", 1.0),
    "minus zero": lambda forest: setattr(forest, "ccp_alpha", -0.0),
    "a new attribute": lambda forest: setattr(forest, "note", "x"),
    "a tree's parameter": lambda forest: forest.estimators_[0].set_params(max_depth=9),
    "the order of trees": lambda forest: forest.estimators_.reverse(),
    "a class": lambda forest: forest.classes_.__setitem__(0, 7),
    "read-only": lambda forest: forest.classes_.setflags(write=False),
    "a tuple for a list": lambda forest: setattr(forest, "estimators_", tuple(forest.estimators_)),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_every_edit_changes_it(edit):
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    before = digest(forest)
    edit(forest)
    assert digest(forest) != before


def test_categories_of_text_are_seen():
    encoder = OneHotEncoder().fit(np.array([["a"], ["b"]], dtype=object))
    before = digest(encoder)
    encoder.categories_[0][0] = "c"
    assert digest(encoder) != before


def test_an_edited_forest_predicts_anew_under_reuse():
    forest = RandomForestClassifier(5, random_state=0)
    with clew.reuse(store=None):
        forest.fit(X, Y)
        before = forest.predict_proba(X)
        for tree in forest.estimators_:
            tree.tree_.value[:] = tree.tree_.value[:, :, ::-1]
        after = forest.predict_proba(X)
    assert not np.array_equal(before, after)
    assert np.array_equal(after, forest.predict_proba(X))


def test_what_a_restored_forest_predicts_is_found():
    forest = RandomForestClassifier(5, random_state=0)
    with clew.reuse(store=None) as session:
        forest.fit(X, Y).predict_proba(X)
        again = RandomForestClassifier(5, random_state=0).fit(X, Y).predict_proba(X)
    assert (session.stats.hits, session.stats.misses) == (2, 2)
    assert np.array_equal(again, forest.predict_proba(X))
