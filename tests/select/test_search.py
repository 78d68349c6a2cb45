"""`Search` as an estimator: its interface, its explanations, progress, interruption."""

from __future__ import annotations

import io
import pickle
import sys

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from clew.errors import InvalidParameter, MissingExtra, WrongType
from clew.select import Explanation, Progress, Search
from tests.select.compare import assert_same

X, Y = make_classification(120, 5, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression())
C = {"logisticregression__C": [0.1, 1.0, 10.0]}


@pytest.mark.filterwarnings("ignore")
def test_it_passes_the_checks_that_grid_search_passes():
    space = {"C": [0.1, 1.0]}
    for search in (
        GridSearchCV(LogisticRegression(), space, cv=2),
        Search(LogisticRegression(), space, cv=2),
    ):
        failed = [r for r in check_estimator(search, on_fail=None) if r["status"] == "failed"]
        assert failed == []


def test_parameters_are_kept_as_given_and_cloned():
    search = Search(PIPELINE, C, cv=4, tolerance=0.0, store=None)
    copied = clone(search)
    assert copied.get_params()["cv"] == 4
    assert copied.space == C and copied.store is None
    assert copied.set_params(estimator__logisticregression__tol=0.5).get_params()["cv"] == 4
    with pytest.raises(NotFittedError):
        copied.predict(X)


def test_it_works_inside_other_estimators():
    inner = Search(PIPELINE, C, cv=2)
    outer = GridSearchCV(PIPELINE, C, cv=2)
    np.testing.assert_array_equal(
        cross_val_score(inner, X, Y, cv=3), cross_val_score(outer, X, Y, cv=3)
    )
    calibrated = [
        CalibratedClassifierCV(s, cv=2).fit(X, Y).predict_proba(X) for s in (inner, outer)
    ]
    np.testing.assert_array_equal(*calibrated)
    nested = Search(inner, {"estimator__logisticregression__tol": [1e-4, 1e-2]}, cv=2).fit(X, Y)
    assert isinstance(nested.best_estimator_, Search)


def test_all_that_the_best_estimator_can_do_is_there():
    search = Search(PIPELINE, C, cv=2).fit(X, Y)
    assert search.predict_proba(X).shape == (120, 2)
    assert search.decision_function(X).shape == (120,)
    assert list(search.classes_) == [0, 1] and search.n_features_in_ == 5
    assert search.score(X, Y) == search.best_estimator_.score(X, Y)
    assert not hasattr(search, "transform")
    assert pickle.loads(pickle.dumps(search)).best_params_ == search.best_params_


def test_distributions_are_drawn_as_randomized_search_draws_them():
    space = {"logisticregression__C": loguniform(1e-2, 1e2)}
    plain = RandomizedSearchCV(PIPELINE, space, n_iter=5, random_state=3, cv=2).fit(X, Y)
    planned = Search(PIPELINE, space, n_iter=5, random_state=3, cv=2, store=None).fit(X, Y)
    assert_same(plain, planned)
    drawn = Search(PIPELINE, C, n_iter=2, random_state=0, cv=2).fit(X, Y)
    assert len(drawn.cv_results_["params"]) == 2


class Doubling:
    """A space that proposes in the light of what it has seen."""

    def propose(self, results, random_state):
        if results is None:
            return [{"C": 0.1}, {"C": 0.2}]
        best = results["params"][int(np.argmax(results["mean_test_score"]))]
        return [{"C": best["C"] * 2}] if len(results["params"]) < 4 else []


def test_a_space_may_propose_configurations_itself():
    search = Search(LogisticRegression(), Doubling(), cv=2, store=None).fit(X, Y)
    assert len(search.cv_results_["params"]) == 4
    assert len(search.explain_) == 4 and search.account_.fits == 8
    plain = GridSearchCV(LogisticRegression(), {"C": [0.1, 0.2]}, cv=2).fit(X, Y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"][:2], plain.cv_results_["mean_test_score"]
    )


def test_what_is_no_space_is_refused():
    with pytest.raises(WrongType, match="no search space"):
        Search(LogisticRegression(), 3).fit(X, Y)


def test_an_unknown_parameter_is_scikit_learns_error():
    with pytest.raises(ValueError, match="Invalid parameter 'D'"):
        Search(LogisticRegression(), {"D": [1]}).fit(X, Y)


def test_each_configuration_says_what_was_done():
    forest = RandomForestClassifier(random_state=0)
    search = Search(
        make_pipeline(StandardScaler(), forest),
        [
            {"randomforestclassifier__n_estimators": [2, 5]},
            {"randomforestclassifier": [KNeighborsClassifier()]},
        ],
        cv=3,
        store=None,
    ).fit(X, Y)
    rewritten, _, single = search.explain_
    assert isinstance(rewritten, Explanation)
    assert rewritten.rewritten == 3 and rewritten.rewrite == "forest prefix"
    assert single.computed == 3 and single.shared_stages == 1
    assert "identical" in str(rewritten) and "1 stages shared" in str(single)
    assert list(search.cv_results_["rewrite"]) == ["forest prefix", "forest prefix", ""]
    account = search.account_
    assert (account.tasks, account.fits, account.transforms) == (9, 6, 3)


def test_equal_stages_are_fitted_once_a_fold():
    fits = []

    class Counting(StandardScaler):
        def fit(self, X, y=None):
            fits.append(len(X))
            return super().fit(X, y)

    Search(make_pipeline(Counting(), LogisticRegression()), C, cv=3, refit=False).fit(X, Y)
    assert fits == [80, 80, 80]


def test_progress_is_told_after_every_task():
    told = []
    Search(PIPELINE, C, cv=2, store=None, progress=told.append).fit(X, Y)
    assert [p.done for p in told] == [1, 2, 3, 4, 5, 6]
    assert all(isinstance(p, Progress) and p.total == 6 for p in told)
    assert told[-1].best_score > 0.5 and told[-1].saved_s >= 0


@pytest.mark.parametrize(("after", "folds", "rows"), [(4, 1, 3), (2, 1, 2), (6, 2, 3), (9, 3, 3)])
def test_an_interrupted_search_keeps_the_best_so_far(after, folds, rows):
    def stop(progress):
        if progress.done == after:
            raise KeyboardInterrupt

    search = Search(PIPELINE, C, cv=3, store=None, progress=stop)
    with pytest.warns(UserWarning, match="interrupted"):
        search.fit(X, Y)
    assert search.interrupted_
    assert search.n_splits_ == folds and len(search.cv_results_["params"]) == rows
    assert "split0_test_score" in search.cv_results_
    assert search.predict(X).shape == (120,)


def test_a_search_interrupted_before_anything_was_done_raises():
    class Stop(LogisticRegression):
        def fit(self, X, y):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Search(Stop(), {"C": [1.0, 2.0]}, store=None).fit(X, Y)


def test_rewrites_can_be_switched_off():
    space = {"n_neighbors": [1, 3, 5]}
    search = Search(KNeighborsClassifier(), space, rewrites=False, store=None, cv=2).fit(X, Y)
    assert search.account_.fits == 6 and not any(search.cv_results_["rewrite"])


def test_studies_that_are_not_understood_run_plainly_and_say_why():
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        search = Search(PIPELINE, C, cv=2).fit(X, Y)
    assert search.explain_[0].reason == "metadata routing is enabled"
    assert search.explain_[0].plain == 2 and search.account_.plain == 6
    plain = GridSearchCV(PIPELINE, C, cv=2).fit(X, Y)
    assert_same(plain, search)


def test_verbose_says_how_much_there_is(capsys):
    Search(PIPELINE, C, cv=2, verbose=1).fit(X, Y)
    assert "Fitting 2 folds for each of 3 candidates, totalling 6 fits" in capsys.readouterr().out


def test_a_study_shows_as_a_table():
    from rich.console import Console

    search = Search(PIPELINE, C, cv=2, store=None).fit(X, Y)
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(search.study_table(limit=2))
    shown = console.export_text()
    assert "3 configurations" in shown and "2 computed" in shown
    assert shown.count("computed") == 2


def test_pictures_of_a_study():
    axes = searched().plot()
    assert len(axes.lines) == 2 and axes.get_ylabel() == "score"
    over = searched().plot("logisticregression__C")
    assert over.get_xscale() == "log" and over.get_xlabel() == "logisticregression__C"
    other = Search(PIPELINE, {"standardscaler": [StandardScaler(), None]}, cv=2).fit(X, Y)
    labels = [tick.get_text() for tick in other.plot("standardscaler").get_xticklabels()]
    assert labels == ["StandardScaler()", "None"]
    assert other.plot(axes=axes) is axes
    for arguments in ({"parameter": "nothing"}, {"metric": "nothing"}):
        with pytest.raises(InvalidParameter, match="no such"):
            other.plot(**arguments)


def searched():
    return Search(PIPELINE, {"logisticregression__C": [0.01, 1.0, 10.0]}, cv=2).fit(X, Y)


def test_pictures_say_what_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match="Matplotlib"):
        searched().plot()


def test_a_budget_for_branches_changes_nothing():
    import pandas as pd
    from sklearn.compose import ColumnTransformer

    table = pd.DataFrame(X, columns=list("abcde"))
    parts = [("l", StandardScaler(), ["a", "b"]), ("r", StandardScaler(), ["c", "d"])]
    pipeline = make_pipeline(ColumnTransformer(parts), LogisticRegression())
    space = {"columntransformer__l__with_mean": [True, False], **C}
    plain = GridSearchCV(pipeline, space, cv=2).fit(table, Y)
    for budget in (0, 2000, 1 << 30):
        planned = Search(pipeline, space, cv=2, store=None, memory_bytes=budget).fit(table, Y)
        assert_same(plain, planned)


def test_stages_before_an_unseeded_one_are_fitted_once_a_fold():
    fits = []

    class Counting(StandardScaler):
        def fit(self, X, y=None):
            fits.append(len(X))
            return super().fit(X, y)

    pipeline = make_pipeline(Counting(), RandomForestClassifier(2))
    space = {"randomforestclassifier__max_depth": [1, 2, 3]}
    np.random.seed(0)
    planned = Search(pipeline, space, cv=3, refit=False).fit(X, Y)
    assert fits == [80, 80, 80]
    np.random.seed(0)
    assert_same(GridSearchCV(pipeline, space, cv=3, refit=False).fit(X, Y), planned)


def test_kernels_and_rows_in_one_space():
    from sklearn.svm import SVC

    kernel = X @ X.T
    space = [{"kernel": ["precomputed"], "C": [0.1, 1.0]}, {"kernel": ["rbf"], "C": [0.1]}]
    plain = GridSearchCV(SVC(), space, cv=3).fit(kernel, Y)
    assert_same(plain, Search(SVC(), space, cv=3, store=None).fit(kernel, Y))
