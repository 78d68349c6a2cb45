"""Searches by trials: the scores of fresh fits, whoever proposes and whatever goes on."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler

from clew import Search
from clew.errors import InvalidParameter
from clew.select import SearchSpace, choice, integer, real, when
from clew.select.epochs import Epochs
from clew.select.sampled.resource import first_rows

# A number of rows that no number of folds divides: folds differ in size.
X, Y = make_classification(151, 6, n_informative=4, flip_y=0.2, random_state=0)
LINEAR = LogisticRegression(max_iter=300)
BOOSTING = HistGradientBoostingClassifier(random_state=0, early_stopping=False, max_iter=8)
PIPELINE = Pipeline([("scale", StandardScaler()), ("pick", SelectKBest(k=3)), ("model", LINEAR)])


def space() -> SearchSpace:
    return SearchSpace(
        {
            "scale": choice(StandardScaler(), PowerTransformer(), MinMaxScaler()),
            "pick__k": integer(2, 6),
            "model": choice(LINEAR, BOOSTING),
            "model__C": when("model", LINEAR, real(1e-3, 1e2, log=True)),
            "model__learning_rate": when("model", BOOSTING, real(0.01, 1, log=True)),
        }
    )


def table(search) -> np.ndarray:
    return np.array([search.cv_results_[f"split{i}_test_score"] for i in range(4)]).T


def fresh(search) -> np.ndarray:
    estimators = (
        clone(PIPELINE).set_params(**clone(dict(given), safe=False))
        for given in search.cv_results_["params"]
    )
    return np.array([cross_val_score(each, X, Y, cv=4) for each in estimators])


@pytest.mark.parametrize("sampler", ["random", "tpe", "reuse"])
def test_each_trial_scores_as_a_fresh_fit(sampler) -> None:
    found = Search(
        PIPELINE, space(), sampler=sampler, n_trials=20, cv=4, random_state=1, store=None
    )
    found.fit(X, Y)
    np.testing.assert_array_equal(table(found), fresh(found))
    assert found.account_.transforms < 20 * 4  # equal beginnings were shared


def test_rungs_of_rounds_go_on_and_score_as_fresh_fits() -> None:
    options = {"scheduler": "asha", "resource": "rounds", "budget": (2, 18), "n_trials": 24}
    found = Search(PIPELINE, space(), cv=4, random_state=0, store=None, **options).fit(X, Y)
    np.testing.assert_array_equal(table(found), fresh(found))
    assert found.continued_ > 0
    last = found.cv_results_["n_resources"]
    assert last[found.best_index_] == last.max()


def test_rungs_of_epochs_are_passes_at_once() -> None:
    sgd = SGDClassifier(random_state=0)
    options = {"scheduler": "asha", "resource": "epochs", "budget": (1, 9), "n_trials": 16}
    domains = {"alpha": real(1e-5, 1, log=True)}
    found = Search(sgd, domains, cv=4, random_state=0, store=None, **options).fit(X, Y)
    rows = zip(found.cv_results_["params"], found.cv_results_["n_resources"], strict=True)
    made = [Epochs(clone(sgd).set_params(**p), epochs=int(budget)) for p, budget in rows]
    expected = np.array([cross_val_score(each, X, Y, cv=4) for each in made])
    np.testing.assert_array_equal(table(found), expected)
    assert found.continued_ > 0


def test_processes_give_the_same_trials() -> None:
    one, two = (
        Search(PIPELINE, space(), n_trials=12, cv=4, random_state=3, store=None, n_jobs=jobs)
        for jobs in (1, 2)
    )
    np.testing.assert_array_equal(table(one.fit(X, Y)), table(two.fit(X, Y)))


def test_rungs_of_rows_train_on_as_many() -> None:
    options = {"scheduler": "halving", "resource": "rows", "n_trials": 13}
    found = Search(PIPELINE, space(), cv=4, random_state=0, store=None, **options).fit(X, Y)
    study = SimpleNamespace(y=Y, splits=list(StratifiedKFold(4).split(X, Y)))
    sizes = set()
    for row, (parameters, count) in enumerate(
        zip(found.cv_results_["params"], found.cv_results_["n_resources"], strict=True)
    ):
        folds = [(first_rows(Y, train, int(count), 0), test) for train, test in study.splits]
        sizes.add(int(count))
        made = clone(PIPELINE).set_params(**clone(dict(parameters), safe=False))
        np.testing.assert_array_equal(table(found)[row], cross_val_score(made, X, Y, cv=folds))
    assert sizes == {13, 38, 113}  # 113 are all rows of the smallest fold


@given(count=st.integers(2, 113), more=st.integers(0, 100), seed=st.integers(0, 99))
def test_fewer_rows_are_part_of_more_and_keep_the_shares_of_classes(count, more, seed) -> None:
    train = np.arange(113)
    some, rest = (set(first_rows(Y, train, min(n, 113), seed)) for n in (count, count + more))
    assert len(some) == count and some <= rest
    shares = [np.mean(Y[list(rows)]) for rows in (some, train)]
    assert abs(shares[0] - shares[1]) <= 1 / count + 1e-12


def test_rungs_of_folds_leave_the_others_out() -> None:
    options = {"scheduler": "asha", "resource": "folds", "n_trials": 24, "factor": 2.0}
    found = Search(PIPELINE, space(), cv=4, random_state=0, store=None, **options).fit(X, Y)
    counts = found.cv_results_["n_resources"].astype(int)
    assert set(counts) == {1, 2, 4}
    expected = fresh(found)
    for row, count in enumerate(counts):
        expected[row, count:] = np.nan
    np.testing.assert_array_equal(table(found), expected)
    assert counts[found.best_index_] == 4
    assert found.best_score_ == max(np.mean(expected[counts == 4], axis=1))


@pytest.mark.parametrize("least", [1e-9, 1e3])
def test_rungs_of_seconds_end_after_a_fold(least) -> None:
    options = {"scheduler": "asha", "resource": "seconds", "budget": (least, 9 * least)}
    found = Search(PIPELINE, space(), n_trials=20, cv=4, random_state=0, store=None, **options).fit(
        X, Y
    )
    scores = table(found)
    known = ~np.isnan(scores)
    np.testing.assert_array_equal(scores[known], fresh(found)[known])
    counts = known.sum(axis=1)
    last = found.cv_results_["n_resources"] == found.cv_results_["n_resources"].max()
    if least < 1:  # no fold ends in time: one at each rung, and those before it
        np.testing.assert_array_equal(counts, found.cv_results_["iter"] + 1)
    else:
        assert known.all()
    means = np.nanmean(scores, axis=1)
    assert found.best_score_ == max(means[last])
    assert last[found.best_index_]


def test_seconds_of_a_search_end_it(monkeypatch) -> None:
    clock = itertools.count()
    monkeypatch.setattr("clew.select.sampled.trials.time", Clock(clock))
    found = Search(PIPELINE, space(), budget_s=9, n_trials=1000, cv=4, random_state=0, store=None)
    found.fit(X, Y)
    assert 1 <= len(found.cv_results_["params"]) <= 9
    np.testing.assert_array_equal(table(found), fresh(found))


class Clock(SimpleNamespace):
    """A clock that goes on by a second whenever it is read."""

    def __init__(self, readings: Iterator[int]) -> None:
        super().__init__(monotonic=lambda: next(readings), process_time=time.process_time)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resource": "epochs", "scheduler": "asha"}, "needs a budget"),
        ({"resource": "rows", "scheduler": "asha", "budget": (10, 1000)}, "out of reach"),
        ({"resource": "seconds", "budget": (1, 9)}, "need a scheduler"),
        ({"n_trials": 3, "race": 0.9}, "do not race"),
        ({"sampler": "tpe"}, "no end"),
    ],
)
def test_what_makes_no_search_is_refused(options, words) -> None:
    given = {"n_trials": 5, **options} if "sampler" not in options else options
    with pytest.raises(InvalidParameter, match=words):
        Search(PIPELINE, space(), cv=4, store=None, **given).fit(X, Y)
