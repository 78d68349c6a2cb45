"""Racing folds: what cannot win any more stops; the winner and what ran are as without."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from clew.errors import InvalidParameter
from clew.select import HalvingSearch, Search
from clew.select.race import losers

X, Y = make_classification(300, 8, n_informative=5, flip_y=0.05, random_state=0)
TREE = DecisionTreeClassifier(random_state=0)
SPACE = {"max_depth": [1, 2, 5, 6, 7], "min_samples_leaf": [1, 90, 110]}


def race(**options):
    options = {"cv": 6, "race": 0.95, "store": None, **options}
    return Search(TREE, SPACE, **options).fit(X, Y)


def test_stopped_configurations_are_recorded_and_the_best_is_found():
    plain, found = GridSearchCV(TREE, SPACE, cv=6).fit(X, Y), race()
    left_out = found.cv_results_["folds_left_out"]
    assert left_out.max() > 0 and left_out[found.best_index_] == 0
    assert found.best_params_ == plain.best_params_
    assert found.account_.fits == 6 * len(left_out) - left_out.sum()
    assert (found.cv_results_["rank_test_score"][left_out > 0] > (left_out == 0).sum()).all()
    for row, explanation in enumerate(found.explain_):
        assert explanation.stopped == left_out[row]
        ran = 6 - left_out[row]
        for split in range(6):
            one, other = (s.cv_results_[f"split{split}_test_score"][row] for s in (plain, found))
            assert one == other if split < ran else np.isnan(other)
    stopped = next(e for e in found.explain_ if e.stopped)
    assert "stopped" in str(stopped) and "confidence 0.95" in str(stopped)


def test_several_metrics_race_by_the_one_that_decides():
    found = race(scoring=["accuracy", "roc_auc"], refit="roc_auc", return_train_score=True)
    plain = GridSearchCV(TREE, SPACE, cv=6, scoring="roc_auc").fit(X, Y)
    assert found.best_params_ == plain.best_params_
    assert found.cv_results_["folds_left_out"].max() > 0


def test_workers_stop_the_same_ones():
    np.testing.assert_array_equal(
        race().cv_results_["folds_left_out"], race(n_jobs=2).cv_results_["folds_left_out"]
    )


def test_it_is_off_by_default_and_not_for_halving():
    found = Search(TREE, SPACE, cv=3, store=None).fit(X, Y)
    assert "folds_left_out" not in found.cv_results_
    with pytest.raises(ValueError, match="race"):
        race(race=1.5)
    with pytest.raises(InvalidParameter, match="race"):
        HalvingSearch(
            LogisticRegression(), {"C": [1.0]}, resource="max_iter", race=0.9, store=None
        ).fit(X, Y)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 8),
    seen=st.integers(2, 4),
    gap=st.floats(0.0, 0.2),
)
def test_losers_seldom_would_have_won(seed, count, seen, gap):
    rng = np.random.default_rng(seed)
    true = np.linspace(0.0, gap, count)
    scores = true[:, None] + rng.normal(size=(count, 1)) * 0.01 + rng.normal(size=(count, 5)) * 0.02
    out = losers(scores[:, :seen], 5, 0.95)
    assert not out[scores[:, :seen].mean(axis=1).argmax()]
    assert losers(scores, 5, 0.95).sum() == 0  # nothing is left to save
    assert losers(scores[:, :1], 5, 0.95).sum() == 0
    more = losers(scores[:, :seen], 5, 0.8)
    assert (more | ~out).all()  # less confidence stops more


def test_the_confidence_is_kept():
    rng = np.random.default_rng(0)
    wrong = stopped = 0
    for _ in range(2000):
        scores = rng.normal(size=(2, 5))
        out = losers(scores[:, :3], 5, 0.9)
        leader = scores[:, :3].mean(axis=1).argmax()
        if out.any():
            stopped += 1
            wrong += scores[1 - leader].mean() > scores[leader].mean()
    assert stopped > 100
    assert wrong / stopped <= 0.1
