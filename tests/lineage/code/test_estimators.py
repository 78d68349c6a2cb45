"""Classes of the field's libraries, written by a user: estimators, and what they compose."""

from __future__ import annotations

import pytest

FLOW = """
    import functools
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from sklearn.utils.metaestimators import available_if

    class Twice(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X * 2

        @available_if(lambda self: True)
        def inverse_transform(self, X):
            return X / 2

    class Constant(ClassifierMixin, BaseEstimator):
        def __init__(self, k=1):
            self.k = k

        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.full(len(X), self.k)

    def shift(x):
        return x + 1

    PIPE = make_pipeline(Twice(), StandardScaler(), FunctionTransformer(shift), Constant())

    def step(X, y):
        return clone(PIPE).fit(X, y)

    def direct(X, y):
        return Constant().fit(X, y)
"""

EDITS = {
    "predict": ("np.full(len(X), self.k)", "np.full(len(X), -self.k)"),
    "transform, which scikit-learn wraps": ("X * 2", "X * 3"),
    "a method that is there on a condition": ("X / 2", "X / 3"),
    "the condition": ("lambda self: True", "lambda self: False"),
    "a default": ("k=1", "k=2"),
    "a function inside a transformer": ("x + 1", "x + 2"),
    "a base class": ("Constant(ClassifierMixin, ", "Constant("),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_estimator_changes_the_step_that_uses_it(name, project):
    old, new = EDITS[name]
    assert old in FLOW
    project.edit(flow=FLOW)
    before = project.id()
    assert project.id() == before
    project.edit(flow=FLOW.replace(old, new))
    assert project.id() != before


def test_using_an_estimator_does_not_change_its_code(project):
    project.edit(flow=FLOW)
    before, direct = project.id(), project.id("flow.direct")
    fitted = project.get("flow.step")([[1.0], [2.0]], [0, 1])
    fitted.predict([[1.0]])
    repr(fitted)
    assert (project.id(), project.id("flow.direct")) == (before, direct)


def test_an_estimator_keeps_its_id_over_harmless_edits(project):
    project.edit(flow=FLOW)
    before = project.id()
    edited = FLOW.replace("return X * 2", "doubled = X * 2  # twice\n            return doubled")
    project.edit(flow=edited)
    moved = project.id()
    project.edit(flow=edited.replace("doubled", "result"))
    assert project.id() == moved != before
