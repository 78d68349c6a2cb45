"""Label models against the truth they cannot see, and against plain sums over rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import InvalidParameter, InvalidState, WrongType
from clew.label import LabelModel, MajorityVote, Patterns, TripletModel
from clew.label.blocks import code


def votes_of(rows, accuracies, coverage=0.4, classes=2, shares=None, seed=0):
    """Draw classes, and independent votes on them."""
    random = np.random.default_rng(seed)
    y = random.choice(classes, rows, p=shares)
    votes = np.full((rows, len(accuracies)), -1)
    for column, accuracy in enumerate(accuracies):
        wrong = (y + random.integers(1, classes, rows)) % classes
        said = np.where(random.random(rows) < accuracy, y, wrong)
        votes[:, column] = np.where(random.random(rows) < coverage, said, -1)
    return votes, y


ACCURACIES = (0.9, 0.85, 0.75, 0.7, 0.65, 0.6, 0.6, 0.58)


@pytest.mark.parametrize("model", [LabelModel, TripletModel])
def test_accuracies_are_found_without_labels(model) -> None:
    votes, y = votes_of(20_000, ACCURACIES, coverage=0.6)
    shares = model().fit(votes).predict_proba(votes)
    majority = MajorityVote().predict_proba(votes)
    right = (shares.argmax(axis=1) == y).mean()
    assert right > (majority.argmax(axis=1) == y).mean() + 0.02
    assert np.allclose(shares.sum(axis=1), 1)


def test_estimates_are_near_the_truth_whatever_the_classes() -> None:
    shares = [0.6, 0.3, 0.1]
    votes, y = votes_of(40_000, ACCURACIES, classes=3, shares=shares)
    model = LabelModel(n_classes=3).fit(votes)
    assert np.allclose(model.class_balance_, shares, atol=0.05)
    truth = [(votes[:, j] == y)[votes[:, j] >= 0].mean() for j in range(len(ACCURACIES))]
    assert np.allclose(model.accuracies_, truth, atol=0.05)


def test_probabilities_are_calibrated() -> None:
    votes, y = votes_of(40_000, ACCURACIES)
    shares = LabelModel().fit(votes).predict_proba(votes)[:, 1]
    for low in np.arange(0.1, 0.9, 0.2):
        within = (shares >= low) & (shares < low + 0.2)
        assert abs(y[within].mean() - shares[within].mean()) < 0.05


def test_functions_that_name_one_class_do_not_let_a_class_take_all() -> None:
    votes, y = votes_of(3_000, (0.9, 0.8, 0.85, 0.8), coverage=0.5)
    for column, only in enumerate((0, 1, 1, 1)):
        votes[votes[:, column] != only, column] = -1
    model = LabelModel().fit(votes)
    assert 0.25 < model.class_balance_[1] < 0.85
    seen = (votes >= 0).any(axis=1)
    assert (model.predict(votes)[seen] == y[seen]).mean() > 0.75


def test_many_rows_start_from_a_sample_and_end_where_counted_rows_do() -> None:
    votes, _ = votes_of(60_000, ACCURACIES[:4])
    whole = LabelModel(tol=1e-7, max_iter=5_000).fit(votes)
    counted = LabelModel(tol=1e-7, max_iter=5_000).fit(Patterns.of(votes))
    assert np.allclose(whole.vote_probabilities_, counted.vote_probabilities_, atol=1e-4)
    assert np.allclose(whole.class_balance_, counted.class_balance_, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(1, 12), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_sums_over_coded_rows_are_sums_over_rows(classes, functions, rows, seed) -> None:
    random = np.random.default_rng(seed)
    votes = random.integers(-1, classes, (rows, functions)).astype(np.int16)
    weights = random.integers(1, 9, rows).astype(float)
    scores, values = random.normal(size=(functions, classes)), random.random(rows)
    coded = code(votes, classes, weights)
    evidence = [sum(scores[j, v] for j, v in enumerate(row) if v >= 0) for row in votes]
    assert np.allclose(coded.evidence(scores), evidence)
    sums = np.zeros((functions, classes))
    for row, weight, value in zip(votes, weights, values, strict=True):
        for j, v in enumerate(row):
            if v >= 0:
                sums[j, v] += weight * value
    assert np.allclose(coded.expected(coded.tables(values)), sums)
    assert (coded.covered == (votes >= 0).any(axis=1)).all()


def posterior(model, row):
    """Bayes' rule for one row, term by term."""
    odds = model.class_balance_.copy()
    for function, vote in enumerate(row):
        if vote >= 0:
            odds *= model.vote_probabilities_[function, vote]
    return odds / odds.sum()


@pytest.mark.parametrize("classes", [2, 3])
def test_a_prediction_is_bayes_rule(classes) -> None:
    votes, _ = votes_of(500, ACCURACIES, classes=classes)
    model = LabelModel(classes).fit(votes)
    expected = [posterior(model, row) for row in votes[:50]]
    assert np.allclose(model.predict_proba(votes[:50]), expected)


def test_a_known_balance_is_kept() -> None:
    votes, _ = votes_of(1_000, ACCURACIES)
    model = LabelModel().fit(votes, class_balance=[3, 1])
    assert model.class_balance_.tolist() == [0.75, 0.25]
    assert model.predict([[-1] * 8]).tolist() == [0]
    assert LabelModel().fit(votes, class_balance=[1, 1]).predict([[-1] * 8]).tolist() == [-1]


def test_a_majority_that_is_none_abstains() -> None:
    votes = [[0, 1, -1], [1, 1, 0], [-1, -1, -1]]
    assert MajorityVote().predict(votes).tolist() == [-1, 1, -1]
    assert MajorityVote().predict_proba(votes)[1].round(3).tolist() == [0.333, 0.667]


@pytest.mark.parametrize(
    ("votes", "error"),
    [
        ([[0, 2]], InvalidParameter),
        ([[0, -2]], InvalidParameter),
        ([0, 1], InvalidParameter),
        ([[]], InvalidParameter),
        ([[0.5, 1]], WrongType),
        ([["spam"]], WrongType),
        ([[float("nan"), 1]], WrongType),
    ],
)
def test_what_is_no_label_matrix_is_refused(votes, error) -> None:
    with pytest.raises(error):
        LabelModel().fit(votes)


def test_misuse_is_told() -> None:
    votes, _ = votes_of(100, ACCURACIES)
    with pytest.raises(InvalidState):
        LabelModel().predict(votes)
    with pytest.raises(InvalidParameter, match="other functions"):
        LabelModel().fit(votes).predict(votes[:, :2])
    with pytest.raises(InvalidParameter, match="better than chance"):
        LabelModel(accuracy=0.4).fit(votes)
    with pytest.raises(InvalidParameter, match="class_balance"):
        LabelModel().fit(votes, class_balance=[1, 0])
    with pytest.raises(InvalidParameter, match="three functions"):
        TripletModel().fit(votes[:, :2])
    with pytest.raises(WrongType):
        LabelModel(n_classes=2.5).fit(votes)
    with pytest.warns(RuntimeWarning, match="still moved"):
        LabelModel(max_iter=1).fit(votes)
