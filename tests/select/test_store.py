"""What is kept between searches, and what is never taken from there."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clew.select import Search
from clew.select.default import current, use
from clew.select.store import MemoryStore, StudyStore
from tests.select.compare import assert_same

X, Y = make_classification(120, 5, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression())
C = {"logisticregression__C": [0.1, 1.0]}


@pytest.fixture
def store():
    return MemoryStore()


def search(store, space=C, estimator=PIPELINE, rows=X, y=Y, **options):
    return Search(estimator, space, store=store, **{"cv": 3, **options}).fit(rows, y)


def test_the_same_search_again_fits_nothing(store):
    first, again = search(store), search(store)
    assert first.account_.fits == 6
    assert (again.account_.fits, again.account_.transforms, again.account_.reused) == (0, 0, 6)
    assert_same(GridSearchCV(PIPELINE, C, cv=3).fit(X, Y), again)
    assert again.explain_[0].reused == 3
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))


def test_a_wider_search_fits_what_is_new(store):
    search(store)
    wider = search(store, {"logisticregression__C": [0.1, 1.0, 10.0]})
    assert wider.account_.fits == 3
    other = search(store, [C, {"logisticregression": [RandomForestClassifier(3, random_state=0)]}])
    assert other.account_.fits == 3


def test_another_metric_fits_nothing(store):
    search(store, scoring="accuracy")
    more = search(store, scoring=["accuracy", "roc_auc", "neg_log_loss", "f1"], refit="roc_auc")
    assert more.account_.fits == 0
    plain = GridSearchCV(
        PIPELINE, C, cv=3, scoring=["accuracy", "roc_auc", "neg_log_loss", "f1"], refit="roc_auc"
    ).fit(X, Y)
    assert_same(plain, more)


def test_another_fold_fits_that_fold(store):
    folds = list(KFold(4).split(X))
    search(store, cv=folds[:3])
    assert search(store, cv=folds).account_.fits == 2


CHANGES = {
    "a value": {"rows": np.where(X[0, 0] == X, 0.0, X)},
    "layout": {"rows": np.asfortranarray(X)},
    "type": {"rows": X.astype(np.float32)},
    "targets": {"y": 1 - Y},
    "folds": {"cv": KFold(3, shuffle=True, random_state=0)},
    "a parameter": {"estimator": make_pipeline(StandardScaler(with_mean=False), PIPELINE[-1])},
    "the metric": {"scoring": lambda e, X, y: e.score(X, y)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_differs_is_computed(change, store):
    search(store)
    options = CHANGES[change]
    changed = search(store, **options)
    assert changed.account_.reused == 0
    estimator = options.pop("estimator", PIPELINE)
    rows, y = options.pop("rows", X), options.pop("y", Y)
    assert_same(GridSearchCV(estimator, C, **{"cv": 3, **options}).fit(rows, y), changed)


def classifier(answer):
    """Return a user's class whose code depends on `answer`."""

    class Constant(ClassifierMixin, BaseEstimator):
        def __init__(self, C=1.0):
            self.C = C

        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.full(len(X), answer)

    return Constant()


def test_the_code_of_a_users_class_counts(store):
    scores = [search(store, {"C": [1.0, 2.0]}, classifier(answer)).best_score_ for answer in (0, 1)]
    assert scores[0] + scores[1] == pytest.approx(1.0)
    assert search(store, {"C": [1.0, 2.0]}, classifier(1)).best_score_ == scores[1]


def test_unseeded_work_is_never_kept(store):
    forest = RandomForestClassifier(3)
    found = [search(store, {"max_depth": [2, 3]}, forest) for _ in range(2)]
    assert found[1].account_.reused == 0 and found[1].account_.fits == 6


def test_a_fold_that_failed_is_tried_again(store):
    space = {"logisticregression__C": [1.0, -1.0]}
    with pytest.warns() as _:
        search(store, space)
        again = search(store, space)
    assert (again.account_.reused, again.account_.fits) == (3, 3)


def test_what_the_caller_does_to_a_result_harms_nobody(store):
    search(store).best_estimator_[-1].coef_[:] = 0.0
    again = search(store)
    again.best_estimator_[-1].coef_[:] = 1.0
    plain = GridSearchCV(PIPELINE, C, cv=3).fit(X, Y)
    np.testing.assert_array_equal(search(store).predict_proba(X), plain.predict_proba(X))


def test_an_interrupted_study_resumes(store):
    def stop(progress):
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        search(store, progress=stop)
    assert search(store).account_.fits == 2


def test_inexact_records_do_not_serve_an_exact_search(store):
    rows, y = make_regression(100, 4, noise=1.0, random_state=0)
    space = {"alpha": [0.1, 1.0, 10.0]}
    loose = search(store, space, Ridge(), rows, y)
    assert (loose.cv_results_["tolerance"] > 0).all()
    exact = search(store, space, Ridge(), rows, y, tolerance=0.0)
    assert exact.account_.reused == 0 and not exact.cv_results_["tolerance"].any()
    assert search(store, space, Ridge(), rows, y).account_.reused == 9


def test_the_memory_store_keeps_to_its_budget():
    small = MemoryStore(size_bytes=100_000)
    for number in range(50):
        small.put(bytes([number]) * 20, np.zeros(500))
    assert 10 < len(small) < 25
    assert small.get(bytes([0]) * 20) is None and small.get(bytes([49]) * 20) is not None
    small.put(b"large" * 4, np.zeros(10_000))
    assert small.get(b"large" * 4) is None


def test_values_are_private():
    store = MemoryStore()
    value = np.zeros(3)
    store.put(b"k" * 20, value)
    value[:] = 1
    store.get(b"k" * 20)[:] = 2
    np.testing.assert_array_equal(store.get(b"k" * 20), np.zeros(3))


def test_the_default_store_can_be_replaced():
    before = current()
    mine = MemoryStore()
    assert isinstance(mine, StudyStore)
    with use(mine):
        assert current() is mine
        search("default")
        assert len(mine) > 6
    assert current() is before


def test_without_a_store_everything_is_computed():
    assert search(None).account_.fits == search(None).account_.fits == 6


def test_scores_of_a_metric_that_draws_entropy_are_never_kept(store):
    def lottery(estimator, X, y):
        return float(np.random.default_rng().random())

    found = [search(store, scoring=lottery) for _ in range(2)]
    assert found[1].account_.reused == 0
    assert found[0].best_score_ != found[1].best_score_
