"""Searches by trials: the scores of fresh fits, whoever proposes and whatever goes on."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler

from clew import Search
from clew.select import SearchSpace, choice, integer, real, when
from clew.select.epochs import Epochs

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
