"""Learners side by side: what is better beyond chance is told, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

import clew
from clew.errors import InvalidParameter
from clew.select import compare

X, Y = load_wine(return_X_y=True)


class Broken(ClassifierMixin, BaseEstimator):
    def fit(self, X: Any, y: Any) -> Broken:
        raise RuntimeError("no licence")


def test_scores_are_those_of_cross_validation() -> None:
    learners = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(random_state=0)}
    found = compare(learners, X, Y, folds=4, repeats=2, seed=3)
    split = RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=3)
    for line in found.lines:
        expected = cross_val_score(learners[line.name], X, Y, cv=split)
        assert line.scores == tuple(expected)
        assert line.score == pytest.approx(expected.mean())
    assert (found.folds, found.scoring, found.best) == (8, "accuracy", "bayes")
    ranks = {line.name: line.rank for line in found.lines}
    assert sum(ranks.values()) == pytest.approx(3)
    assert ranks["bayes"] < ranks["tree"]


def test_what_is_far_behind_is_told_and_what_fails_says_why() -> None:
    learners = {"bayes": GaussianNB(), "chance": DummyClassifier(), "broken": Broken()}
    found = compare(learners, X, Y)
    by_name = {line.name: line for line in found.lines}
    assert by_name["chance"].significant
    assert by_name["chance"].p_value < 1e-6
    assert found.level == ("bayes",)
    assert by_name["broken"].error == "RuntimeError: no licence"
    assert np.isnan(by_name["broken"].score)
    assert set(found.pairs) == {("bayes", "chance")}
    assert "failed: RuntimeError: no licence" in str(found)
    assert "behind" in str(found)


def test_equal_learners_are_seldom_told_apart() -> None:
    """The plain t-test calls learners that are equal different far too often; this does not."""
    told = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        rows, labels = draw.normal(size=(120, 8)), draw.integers(0, 2, 120)
        rows[:, 0] += labels
        one = DecisionTreeClassifier(max_depth=2, max_features=4, random_state=0)
        other = DecisionTreeClassifier(max_depth=2, max_features=4, random_state=1)
        found = compare({"one": one, "other": other}, rows, labels, repeats=4, seed=seed)
        told += any(line.significant for line in found.lines)
    assert told <= 6  # 5 % of 40 are 2; 6 or more have a probability of 1.4 %.


def test_services_are_asked_and_never_fitted() -> None:
    model = LogisticRegression(max_iter=5000).fit(X, Y)
    asked: list[int] = []

    def service(rows: Any) -> Any:
        asked.append(len(rows))
        return model.predict(rows)

    found = compare({"service": service, "bayes": GaussianNB()}, X, Y, folds=3, repeats=1)
    assert sum(asked) == len(X)
    assert {line.name for line in found.lines} == {"service", "bayes"}
    numbers, target = load_diabetes(return_X_y=True)
    line = LinearRegression().fit(numbers, target)
    found = compare({"line": line.predict, "mean": DummyRegressor()}, numbers, target)
    assert (found.best, found.scoring) == ("line", "r2")


def test_frames_scorers_and_reuse() -> None:
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    names = np.array(["a", "b", "c"])[Y]
    learners = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(random_state=0)}
    with clew.reuse(store=None):
        first = compare(learners, frame, names, scoring="neg_log_loss")
        again = compare(learners, frame, names, scoring="neg_log_loss")
    assert [line.scores for line in first.lines] == [line.scores for line in again.lines]
    assert first.scoring == "neg_log_loss"


def test_the_same_learner_twice_is_level() -> None:
    numbers, target = load_diabetes(return_X_y=True)
    found = compare({"a": Ridge(), "b": Ridge()}, numbers, target)
    assert found.pairs[("a", "b")] == 1.0
    assert found.level == ("a", "b")


@pytest.mark.parametrize(
    ("learners", "options", "told"),
    [
        ({"one": GaussianNB()}, {}, "two learners"),
        ({"one": GaussianNB(), "two": GaussianNB()}, {"folds": 1}, "two folds"),
        ({"one": GaussianNB(), "two": 3}, {}, "an estimator, or a callable"),
        ({"one": Broken(), "two": Broken()}, {}, "no licence"),
        ({"one": GaussianNB(), "two": Ridge()}, {}, "classifiers and regressors"),
    ],
)
def test_what_cannot_be_compared_is_told(learners: Any, options: Any, told: str) -> None:
    with pytest.raises(InvalidParameter, match=told):
        compare(learners, X, Y, **options)
