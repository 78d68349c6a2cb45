"""Estimators fitted on changed rows, the ranking of policies, and rows for small classes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import RandomizedSearchCV, cross_val_score
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

import clew
from clew.augment import Augmented, Policies, Policy, alignment, joined, promising
from clew.augment.tables import mixup, noise, oversample
from clew.errors import InvalidParameter

X, Y = load_digits(return_X_y=True)
X = X / 16.0
SLANTED = Policy([[("shear_x", 1.0, 0.6), ("rotate", 1.0, 0.4)]])


@pytest.mark.parametrize("model", [LogisticRegression(), Ridge()], ids=["classes", "numbers"])
def test_scikit_learn_takes_it_for_one_of_its_own(model: object) -> None:
    check_estimator(Augmented(model), on_skip=None)


def test_it_fits_on_copies_with_their_labels_and_weights() -> None:
    model = Augmented(SVC(C=10), SLANTED, copies=3, shape=(8, 8))
    plain = SVC(C=10).fit(X[:100], Y[:100])
    model.fit(X[:100], Y[:100])
    assert model.estimator_.shape_fit_ == (400, 64)
    assert model.score(X[500:], Y[500:]) > plain.score(X[500:], Y[500:])
    weights = np.arange(1.0, 101.0)
    rows = np.concatenate([X[:100], *(_flat(k) for k in (1, 2, 3))])
    by_hand = SVC(C=10).fit(rows, np.tile(Y[:100], 4), sample_weight=np.tile(weights, 4))
    weighted = clone(model).fit(X[:100], Y[:100], sample_weight=weights)
    assert np.array_equal(
        weighted.decision_function(X[500:600]), by_hand.decision_function(X[500:600])
    )
    with pytest.raises(InvalidParameter, match="shape of a row"):
        Augmented(SVC(), SLANTED, shape=(9, 9)).fit(X, Y)


def _flat(epoch: int) -> np.ndarray:
    return SLANTED(X[:100].reshape(-1, 8, 8), epoch=epoch).reshape(100, 64)


def test_policies_are_searched_like_any_parameter(tmp_path: object) -> None:
    space = {"policy": Policies(("rotate", "shear_x", "flip_y"), subpolicies=2)}
    model = Augmented(SVC(C=10), copies=2, shape=(8, 8))
    ours = clew.Search(model, space, n_iter=4, cv=3, random_state=0, store=None)
    theirs = RandomizedSearchCV(model, space, n_iter=4, cv=3, random_state=0)
    ours.fit(X[:150], Y[:150])
    theirs.fit(X[:150], Y[:150])
    assert ours.best_params_ == theirs.best_params_
    for column in ("mean_test_score", "split0_test_score"):
        assert np.array_equal(ours.cv_results_[column], theirs.cv_results_[column])
    both = joined([ours.best_params_["policy"], SLANTED])
    assert len(both.subpolicies) == 3


def test_alignment_ranks_as_training_does() -> None:
    images = X.reshape(-1, 8, 8)
    names = ("rotate", "shear_x", "elastic", "invert", "flip_y", "flip_x", "solarize")
    best = promising(images[:300], Y[:300], names, keep=3)
    assert set(best) <= {"rotate", "shear_x", "elastic"}
    assert -1.0 <= alignment(None, images[:300], Y[:300]) <= 1.0
    with pytest.raises(InvalidParameter, match="two at least"):
        alignment(None, images[:10], np.zeros(10))


def test_rows_for_small_classes() -> None:
    pytest.importorskip("imblearn")
    few = np.r_[np.flatnonzero(Y == 0)[:100], np.flatnonzero(Y == 1)[:20]]
    for method in ("smote", "random"):
        rows, labels = oversample(X[few], Y[few], method)
        assert np.array_equal(rows[: len(few)], X[few])
        assert abs((labels == 1).sum() - 100) <= 3
    with pytest.raises(InvalidParameter, match="smote"):
        oversample(X, Y, "smoke")


def test_noise_and_mixtures() -> None:
    table = np.random.default_rng(0).normal(size=(2_000, 3)) * [1.0, 100.0, 0.0]
    table[0, 0] = np.nan
    noisy = noise(table, 0.1)
    assert np.isnan(noisy[0, 0])
    assert np.isfinite(noisy[1:]).all()
    spread = (noisy - table)[1:].std(axis=0)
    assert np.allclose(spread / [0.1, 10.0, 1.0], [1.0, 1.0, 0.0], atol=0.05)
    rows, targets = mixup(table[1:], np.eye(2)[np.arange(1_999) % 2])
    assert np.allclose(targets.sum(axis=1), 1.0)
    assert rows[:, 1].mean() == pytest.approx(table[1:, 1].mean(), abs=6.0)
    with pytest.raises(InvalidParameter, match="numbers"):
        mixup(table, np.full(2_000, "a"))


def test_scores_come_from_rows_as_they_are() -> None:
    backwards = Policy([[("flip_y",)]])
    model = Augmented(SVC(), backwards, copies=1, shape=(8, 8))
    assert cross_val_score(model, X[:300], Y[:300], cv=3).mean() > 0.8
