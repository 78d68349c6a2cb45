"""Moments by fold: what plain scikit-learn gives, exactly or as declared, or left alone."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, TimeSeriesSplit
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB

from clew.reuse.rewrites.discriminant import fit_linear, fit_quadratic
from clew.reuse.rewrites.moments import (
    NAME,
    FoldCounts,
    FoldMoments,
    fit_counts,
    fit_gaussian,
    parts_of,
)
from clew.select import Search
from tests.select.compare import assert_same, both

COUNTS = [MultinomialNB, BernoulliNB, ComplementNB]


def counts(rows: int, width: int, seed: int, *, whole: bool = True):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    X = rng.poisson(0.5 + (np.arange(width) % 3 == y[:, None]), size=(rows, width)).astype(float)
    return (X if whole else X * rng.random((rows, width))), y


def blobs(rows: int, width: int, seed: int, classes: int = 3):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(rows) % classes)
    mixing = np.eye(width) + 0.3 * rng.normal(size=(width, width))
    return rng.normal(size=(rows, width)) @ mixing + 2.0 * rng.normal(size=(classes, width))[y], y


def state(model):
    return {k: v for k, v in vars(model).items() if k.endswith("_")}


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(COUNTS),
    st.integers(12, 60),
    st.integers(1, 6),
    st.integers(0, 999),
    st.sampled_from([0.0, 1e-3, 1.0]),
    st.booleans(),
)
def test_whole_counts_give_the_same_to_the_last_bit(kind, rows, width, seed, alpha, is_sparse):
    X, y = counts(rows, width, seed)
    if kind is BernoulliNB:
        X, is_sparse = (X > 0).astype(float), False
    rows_ = sparse.csr_array(X) if is_sparse else X
    splits = list(KFold(3, shuffle=True, random_state=seed).split(X))
    sums = FoldCounts(rows_, y, parts_of(splits, rows))
    assert sums.tolerance == 0.0
    for fold, (train, _) in enumerate(splits):
        if len(np.unique(y[train])) < 3:
            continue
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            plain = kind(alpha=alpha).fit(rows_[train], y[train])
            found = fit_counts(kind(alpha=alpha), np.unique(y), *sums.classes(fold))
        assert state(plain).keys() == state(found).keys()
        for name, value in state(plain).items():
            np.testing.assert_array_equal(getattr(found, name), value, err_msg=name)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(40, 90),
    st.integers(1, 5),
    st.integers(0, 999),
    st.sampled_from([0.0, 1e-9, 0.1]),
    st.sampled_from([0.0, 10.0, -1e3]),
)
def test_gaussian_naive_bayes_from_parts(rows, width, seed, smoothing, shift):
    X, y = blobs(rows, width, seed)
    X = X + shift
    splits = list(StratifiedKFold(4).split(X, y))
    sums = FoldMoments(X, y, parts_of(splits, rows), full=False)
    for fold, (train, test) in enumerate(splits):
        plain = GaussianNB(var_smoothing=smoothing).fit(X[train], y[train])
        found = fit_gaussian(plain, np.unique(y), sums.classes(fold))
        assert state(plain).keys() == state(found).keys()
        for name, value in state(plain).items():
            np.testing.assert_allclose(getattr(found, name), value, rtol=1e-11, err_msg=name)
        one, other = (m._joint_log_likelihood(X[test]) for m in (plain, found))
        assert np.abs(one - other).max() <= 1e-9 * np.abs(one).max()


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(
        [
            LinearDiscriminantAnalysis(solver="lsqr"),
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3),
            LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1, n_components=1),
            QuadraticDiscriminantAnalysis(),
            QuadraticDiscriminantAnalysis(reg_param=0.2, store_covariance=True),
        ]
    ),
    st.integers(60, 120),
    st.integers(2, 5),
    st.integers(0, 999),
)
def test_discriminants_from_parts(template, rows, width, seed):
    X, y = blobs(rows, width, seed)
    splits = list(StratifiedKFold(3).split(X, y))
    sums = FoldMoments(X, y, parts_of(splits, rows), full=True)
    fit = fit_linear if isinstance(template, LinearDiscriminantAnalysis) else fit_quadratic
    for fold, (train, test) in enumerate(splits):
        plain = clone(template).fit(X[train], y[train])
        found = fit(template, sums.classes(fold), X[train], y[train])
        assert state(plain).keys() == state(found).keys()
        one, other = (m.decision_function(X[test]) for m in (plain, found))
        assert np.abs(one - other).max() <= 1e-9 * max(1.0, np.abs(one).max())


MODELS = [
    (GaussianNB(), {"var_smoothing": [1e-9, 1e6]}, True),
    (QuadraticDiscriminantAnalysis(), {"reg_param": [0.0, 1.0]}, True),
    (LinearDiscriminantAnalysis(solver="lsqr"), {"shrinkage": [None, 1.0]}, True),
    (LinearDiscriminantAnalysis(), {"n_components": [1, 2]}, False),  # its solver reads the rows
    (LinearDiscriminantAnalysis(solver="lsqr"), {"shrinkage": ["auto"]}, False),
    (GaussianNB(priors=[0.2, 0.3, 0.5]), {"var_smoothing": [1e-9]}, False),
]


@pytest.mark.parametrize(("model", "space", "used"), MODELS)
def test_searches_agree(model, space, used):
    X, y = blobs(150, 4, 1)
    options = {"cv": 5, "return_train_score": True, "extra": {"tolerance": 1e-8}}
    plain, found = both(model, space, X, y, **options)
    assert_same(plain, found)
    assert (NAME in set(found.cv_results_["rewrite"])) == used


@pytest.mark.parametrize("kind", COUNTS)
@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc_ovr", ["neg_log_loss", "accuracy"]])
def test_searches_over_counts_are_bit_identical(kind, scoring):
    X, y = counts(120, 6, 3)
    refit = "accuracy" if isinstance(scoring, list) else True
    plain, found = both(kind(), {"alpha": [0.1, 1.0]}, X, y, scoring=scoring, refit=refit, cv=4)
    assert_same(plain, found)
    assert set(found.cv_results_["rewrite"]) == {NAME}
    assert set(found.cv_results_["tolerance"]) == {0.0}


def test_counts_that_are_not_whole_need_a_tolerance():
    X, y = counts(120, 6, 4, whole=False)
    plain, found = both(MultinomialNB(), {"alpha": [0.1, 1.0]}, X, y, cv=4)
    assert_same(plain, found)
    assert NAME not in set(found.cv_results_["rewrite"])
    search = Search(MultinomialNB(), {"alpha": [0.1]}, cv=4, store=None).fit(X, y)
    assert set(search.cv_results_["rewrite"]) == {NAME}


@pytest.mark.parametrize(
    "cv",
    [ShuffleSplit(3, random_state=0), TimeSeriesSplit(3), [(np.arange(50), np.arange(50, 90))]],
)
def test_folds_that_are_no_parts_are_left_alone(cv):
    X, y = counts(90, 4, 5)
    plain, found = both(MultinomialNB(), {"alpha": [0.5, 1.0]}, X, y, cv=cv)
    assert_same(plain, found)
    assert NAME not in set(found.cv_results_["rewrite"])


def test_what_cannot_be_summed_is_left_alone():
    X, y = blobs(90, 3, 6)
    far = X + 1e9
    for rows in (far, np.column_stack([X, np.ones(90)]), X.astype(np.float32)):
        plain, found = both(GaussianNB(), {"var_smoothing": [1e-9, 1e-3]}, rows, y, cv=3)
        assert_same(plain, found)
        search = Search(GaussianNB(), {"var_smoothing": [1e-12]}, cv=3, store=None).fit(rows, y)
        assert NAME not in set(search.cv_results_["rewrite"])
    negative = Search(MultinomialNB(), {"alpha": [1.0]}, cv=3, store=None, error_score=0.0)
    with pytest.raises(ValueError, match="Negative"):
        negative.fit(X, y)


def test_a_class_that_a_fold_lacks_is_left_alone():
    X, y = counts(60, 3, 7)
    y = np.where(np.arange(60) < 4, 2, y % 2)  # the first fold tests all rows of class 2
    plain, found = both(MultinomialNB(), {"alpha": [0.5, 1.0]}, X, y, cv=KFold(3))
    assert_same(plain, found)
