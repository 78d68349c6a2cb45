"""Users' own rewrites."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV

from clew.reuse.rewrites import Policy, Rewrite, register, rewrites_for, unregister
from clew.reuse.rewrites.registry import PredictorFamily
from clew.select import Search
from tests.select.compare import assert_same

X = np.arange(30.0).reshape(-1, 1)
Y = X[:, 0] ** 2
FITS = []


class Shrunk(RegressorMixin, BaseEstimator):
    def __init__(self, by=1.0):
        self.by = by

    def fit(self, X, y):
        FITS.append(self.by)
        self.mean_ = y.mean()
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_ * self.by)


def view(full, member):
    member.mean_ = full.mean_
    return member


class ByMean:
    name = "one mean"
    classes = (Shrunk,)
    sweeps = frozenset({"by"})

    def __init__(self, tolerance=0.0, reason="", fails=False):
        self.tolerance, self.reason, self.fails = tolerance, reason, fails

    def refuse(self, members, X, y):
        return self.reason

    def fit(self, members, X, y):
        if self.fails:
            raise RuntimeError("this rewrite is broken")
        return PredictorFamily(members[0].fit(X, y), members, view)


@pytest.fixture
def registered(request):
    rewrite = register(ByMean(**getattr(request, "param", {})))
    FITS.clear()
    yield rewrite
    unregister(rewrite)


def search(**options):
    return Search(Shrunk(), {"by": [0.5, 1.0, 2.0]}, cv=3, store=None, refit=False, **options)


def test_a_registered_rewrite_is_used(registered):
    assert isinstance(registered, Rewrite)
    found = search().fit(X, Y)
    assert FITS == [0.5, 0.5, 0.5]
    assert set(found.cv_results_["rewrite"]) == {"one mean"}
    plain = GridSearchCV(Shrunk(), {"by": [0.5, 1.0, 2.0]}, cv=3, refit=False).fit(X, Y)
    assert_same(plain, found)


@pytest.mark.parametrize("registered", [{"reason": "no"}, {"fails": True}], indirect=True)
def test_one_that_refuses_or_fails_leaves_members_to_themselves(registered):
    assert not any(search().fit(X, Y).cv_results_["rewrite"])
    assert len(FITS) == 9


@pytest.mark.parametrize("registered", [{"tolerance": 1e-3}], indirect=True)
def test_its_tolerance_decides_whether_it_is_used(registered):
    assert not any(search().fit(X, Y).cv_results_["rewrite"])
    loose = search(tolerance=1e-2).fit(X, Y)
    assert (loose.cv_results_["tolerance"][:2] == 1e-3).all()


def test_a_subclass_is_not_rewritten(registered):
    class Other(Shrunk):
        def predict(self, X):
            return X[:, 0] * self.by

    found = Search(Other(), {"by": [0.5, 1.0]}, cv=3, store=None).fit(X, Y)
    assert not any(found.cv_results_["rewrite"])


def test_the_last_one_registered_comes_first(registered):
    later = register(ByMean())
    assert rewrites_for(Shrunk, Policy()) == (later, registered)
    unregister(later)
    assert rewrites_for(Shrunk, Policy(enabled=False)) == ()
