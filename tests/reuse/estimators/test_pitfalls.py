"""What caches of estimators get wrong, one test for each way."""

from __future__ import annotations

import threading
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from clew.reuse.context import reuse

SCALE = 2.0


class Scaled(TransformerMixin, BaseEstimator):
    """Reads a global of its module."""

    def fit(self, X: Any, y: Any = None) -> Scaled:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        return X * SCALE


class Slow(RegressorMixin, BaseEstimator):
    """Slow; fails or warns if asked to."""

    def __init__(self, level: float = 0.0, fail: bool = False):
        self.level = level
        self.fail = fail

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Slow:
        time.sleep(0.02)
        if self.fail:
            raise ValueError("as asked")
        if self.level > 1:
            warnings.warn("a high level", UserWarning, stacklevel=2)
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.mean_ = float(np.average(y, weights=weights)) + self.level
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.mean_)


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    return X, X @ np.arange(6.0) + rng.normal(size=300)


@pytest.fixture
def labels(data: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (data[1] > 0).astype(int)


def test_equal_calls_are_answered(data) -> None:
    X, y = data
    with reuse() as r:
        first, second = Ridge().fit(X, y), Ridge().fit(X, y)
    assert r.stats.hits == 1
    assert first.coef_.tobytes() == second.coef_.tobytes()
    assert first.coef_ is not second.coef_


def test_an_in_place_consumer_of_a_cached_output(data) -> None:
    X, y = data
    pipe = make_pipeline(PCA(4), StandardScaler(copy=False), Ridge())
    plain = clone(pipe).fit(X, y)
    with reuse():
        for _ in range(3):
            again = clone(pipe).fit(X, y)
            assert plain.predict(X).tobytes() == again.predict(X).tobytes()


def test_a_write_into_a_returned_array(data) -> None:
    X, _ = data
    plain = StandardScaler().fit_transform(X)
    with reuse() as r:
        first = StandardScaler().fit_transform(X)
        first[:] = 0
        second = StandardScaler().fit_transform(X)
        assert second.tobytes() == plain.tobytes()
        second[:] = 1
        third = make_pipeline(StandardScaler()).fit_transform(X)
        assert third.tobytes() == plain.tobytes()
        third[:] = 2
        assert StandardScaler().fit_transform(X).tobytes() == plain.tobytes()
    assert r.stats.hits == 3


def test_a_write_into_a_returned_frame() -> None:
    X = pd.DataFrame({"a": [1.0, 2.0, 5.0], "b": [3.0, 4.0, 9.0]})
    scaler = StandardScaler().set_output(transform="pandas")
    plain = clone(scaler).fit_transform(X)
    with reuse() as r:
        first = clone(scaler).fit_transform(X)
        first.loc[:, "a"] = 0
        second = clone(scaler).fit_transform(X)
        second["c"] = 1
        pd.testing.assert_frame_equal(plain, clone(scaler).fit_transform(X))
    assert r.stats.hits == 2


def test_a_write_into_the_input(data) -> None:
    X, _ = data
    X = X.copy()
    with reuse() as r:
        StandardScaler().fit(X)
        X[0, 0] += 1
        again = StandardScaler().fit(X)
    assert r.stats.hits == 0
    assert again.mean_.tobytes() == StandardScaler().fit(X).mean_.tobytes()


def test_an_edited_fitted_state(data) -> None:
    X, y = data
    with reuse():
        model = Ridge().fit(X, y)
        before = model.predict(X)
        model.coef_[0] += 1
        edited = model.predict(X)
        assert edited.tobytes() != before.tobytes()
        assert edited.tobytes() == (X @ model.coef_ + model.intercept_).tobytes()
        assert Ridge().fit(X, y).predict(X).tobytes() == before.tobytes()


def test_an_edited_tree(data, labels) -> None:
    X, _ = data
    with reuse():
        forest = RandomForestClassifier(3, random_state=0).fit(X, labels)
        before = forest.predict_proba(X)
        forest.estimators_[0].tree_.value[:] = 0.25
        assert forest.predict_proba(X).tobytes() != before.tobytes()
        again = RandomForestClassifier(3, random_state=0).fit(X, labels)
        assert again.predict_proba(X).tobytes() == before.tobytes()


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_estimators_that_keep_their_data(data, algorithm: str) -> None:
    X, y = data
    model = KNeighborsRegressor(3, algorithm=algorithm)
    plain = clone(model).fit(X, y).predict(X)
    with reuse() as r:
        first, second = clone(model).fit(X, y), clone(model).fit(X, y)
        assert r.stats.hits == 1
        assert second._fit_X is X  # the caller's own data, as after a plain fit
        assert first.predict(X).tobytes() == second.predict(X).tobytes() == plain.tobytes()
        assert r.stats.size_bytes < X.nbytes + 30_000


def test_kept_data_behind_a_shared_step(data) -> None:
    X, y = data
    neighbours = make_pipeline(PCA(3), KNeighborsRegressor(3, algorithm="brute"))
    in_place = make_pipeline(PCA(3), StandardScaler(copy=False), Ridge())
    plain = clone(neighbours).fit(X, y).predict(X)
    with reuse():
        clone(in_place).fit(X, y)
        first = clone(neighbours).fit(X, y)
        clone(in_place).fit(X, y)
        assert first.predict(X).tobytes() == plain.tobytes()


def test_an_unset_random_state_is_executed(data, labels) -> None:
    X, _ = data
    with reuse() as r:
        one = RandomForestClassifier(3).fit(X, labels)
        two = RandomForestClassifier(3).fit(X, labels)
    assert one.predict_proba(X).tobytes() != two.predict_proba(X).tobytes()
    assert r.stats.hits == 0
    assert "drew from the global random generator" in r.stats.reasons


def test_a_generator_as_random_state_is_executed(data, labels) -> None:
    X, _ = data
    generator = np.random.RandomState(0)
    with reuse() as r:
        for _ in range(2):
            RandomForestClassifier(3, random_state=generator).fit(X, labels)
    assert r.stats.hits == 0
    assert "random_state is a generator object" in r.stats.reasons


@pytest.mark.parametrize(
    "model",
    [Ridge(), LogisticRegression(), LinearRegression(), PCA(3), Ridge(solver="svd")],
    ids=lambda model: type(model).__name__,
)
def test_an_unset_random_state_that_is_not_used(data, labels, model) -> None:
    X, _ = data
    with reuse() as r:
        clone(model).fit(X, labels)
        clone(model).fit(X, labels)
    assert r.stats.hits == 1


@pytest.mark.parametrize("solver", ["sag", "saga"])
def test_a_solver_that_draws(data, solver: str) -> None:
    X, y = data
    with reuse() as r:
        Ridge(solver=solver).fit(X, y)
        Ridge(solver=solver).fit(X, y)
        assert r.stats.hits == 0
        Ridge(solver=solver, random_state=1).fit(X, y)
        Ridge(solver=solver, random_state=1).fit(X, y)
    assert r.stats.hits == 1


def test_a_draw_without_effect_is_repeated(data, labels) -> None:
    X, _ = data
    np.random.seed(5)
    SVC().fit(X, labels)
    SVC().fit(X, labels)
    expected = np.random.random()
    np.random.seed(5)
    with reuse() as r:
        SVC().fit(X, labels)
        SVC().fit(X, labels)
        assert np.random.random() == expected
    assert r.stats.hits == 1


def test_a_seed_for_what_is_unset(data, labels) -> None:
    X, _ = data
    with reuse(seed=0) as r:
        one = RandomForestClassifier(3).fit(X, labels)
        two = RandomForestClassifier(3).fit(X, labels)
    assert r.stats.hits == 1
    assert one.random_state is None
    assert one.predict_proba(X).tobytes() == two.predict_proba(X).tobytes()
    with reuse(seed=0):
        same = RandomForestClassifier(3).fit(X, labels)
    with reuse(seed=1):
        other = RandomForestClassifier(3).fit(X, labels)
    assert same.predict_proba(X).tobytes() == one.predict_proba(X).tobytes()
    assert other.predict_proba(X).tobytes() != one.predict_proba(X).tobytes()


def test_the_layout_of_an_array_counts(data) -> None:
    X, y = data
    with reuse() as r:
        Ridge().fit(X, y)
        Ridge().fit(np.asfortranarray(X), y)
        Ridge().fit(X.astype("float32"), y)
    assert r.stats.hits == 0


def test_the_number_of_threads_counts(data) -> None:
    X, y = data
    with reuse() as r:
        with threadpool_limits(1):
            Ridge().fit(X, y)
        with threadpool_limits(2):
            Ridge().fit(X, y)
        assert r.stats.hits == 0
        with threadpool_limits(1):
            Ridge().fit(X, y)
    assert r.stats.hits == 1


def test_settings_of_the_library_count(data) -> None:
    X, _ = data
    frame = pd.DataFrame(X, columns=list("abcdef"))
    with reuse() as r:
        assert isinstance(StandardScaler().fit_transform(frame), np.ndarray)
        with sklearn.config_context(transform_output="pandas"):
            assert isinstance(StandardScaler().fit_transform(frame), pd.DataFrame)
        assert isinstance(StandardScaler().fit_transform(frame), np.ndarray)
    assert r.stats.hits == 1


def test_weights_by_position_or_by_keyword(data) -> None:
    X, y = data
    weights = np.linspace(0, 1, len(y))
    with reuse() as r:
        plain = Ridge().fit(X, y)
        one = Ridge().fit(X, y, weights)
        two = Ridge().fit(X, y, sample_weight=weights)
        three = Ridge().fit(X=X, y=y, sample_weight=weights)
    assert r.stats.hits == 2
    assert one.coef_.tobytes() == two.coef_.tobytes() == three.coef_.tobytes()
    assert one.coef_.tobytes() != plain.coef_.tobytes()


def test_partial_fits(data, labels) -> None:
    X, _ = data

    def run() -> Any:
        model = SGDClassifier(random_state=0)
        seen = []
        for part in range(3):
            rows = slice(part * 100, part * 100 + 100)
            model.partial_fit(X[rows], labels[rows], classes=[0, 1])
            seen.append(model.decision_function(X).tobytes())
        pca = IncrementalPCA(2)
        for part in range(3):
            pca.partial_fit(X[part * 100 : part * 100 + 100])
            seen.append(pca.transform(X).tobytes())
        return seen

    plain = run()
    with reuse():
        assert run() == plain
        assert run() == plain


def test_warm_starts_are_executed(data, labels) -> None:
    X, _ = data

    def run() -> Any:
        model = MLPClassifier((3,), warm_start=True, max_iter=3, random_state=0)
        seen = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(3):
                seen.append(model.fit(X, labels).predict_proba(X).tobytes())
        return seen

    plain = run()
    assert len(set(plain)) > 1
    with reuse() as r:
        assert run() == plain
        assert run() == plain
    assert r.stats.reasons["warm start"] == 6


def test_estimators_with_callbacks_are_executed(data, labels) -> None:
    callback = pytest.importorskip("sklearn.callback")
    X, _ = data
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    if not hasattr(pipe, "set_callbacks") or not hasattr(callback, "ScoringMonitor"):
        pytest.skip("this scikit-learn has no callbacks")
    monitored = LogisticRegression()
    if not hasattr(monitored, "set_callbacks"):
        pytest.skip("this estimator takes no callbacks")
    monitored.set_callbacks(callback.ScoringMonitor(scoring="accuracy"))
    with reuse() as r:
        for _ in range(2):
            clone(monitored).fit(X, labels)
    assert r.stats.reasons["has callbacks"] >= 2
    assert "LogisticRegression.fit: 0 reused" in r.explain()


def test_one_thread_computes_what_several_ask_for(data) -> None:
    X, y = data
    barrier, models = threading.Barrier(4), [Slow() for _ in range(4)]

    def work(model: Any) -> None:
        barrier.wait()
        model.fit(X, y)

    with reuse() as r:
        threads = [threading.Thread(target=work, args=(model,)) for model in models]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (r.stats.misses, r.stats.hits) == (1, 3), r.explain()
    assert len({model.mean_ for model in models}) == 1


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_parallel_searches(data, backend: str) -> None:
    import joblib

    X, y = data
    pipe = make_pipeline(StandardScaler(), PCA(4), Ridge())
    search = GridSearchCV(pipe, {"ridge__alpha": [0.1, 1, 10]}, cv=3, n_jobs=2)
    plain = clone(search).set_params(n_jobs=1).fit(X, y)
    with reuse(), joblib.parallel_config(backend=backend):
        found = clone(search).fit(X, y)
    names = [key for key in plain.cv_results_ if key.startswith(("split", "mean_test"))]
    for name in names:
        assert plain.cv_results_[name].tobytes() == found.cv_results_[name].tobytes()


def test_a_pipeline_fits_its_own_steps(data) -> None:
    X, y = data
    with reuse():
        for _ in range(2):
            pipe = make_pipeline(StandardScaler(), Ridge())
            steps = [step for _, step in pipe.steps]
            pipe.fit(X, y)
            assert [step for _, step in pipe.steps] == steps
            assert hasattr(steps[0], "mean_")
            assert hasattr(steps[1], "coef_")


def test_a_repeat_is_answered_however_many_misses_came_before(data) -> None:
    X, y = data

    def run() -> None:
        for alpha in np.linspace(0.1, 9, 40):
            Ridge(alpha).fit(X, y)

    with reuse() as r:
        run()
        assert r.stats.hits == 0
        run()
    assert r.stats.hits == 40


def test_slices_are_named_and_not_kept_at_first_sight(data) -> None:
    X, y = data
    X = np.tile(X, (40, 1))
    y = np.tile(y, 40)
    with reuse() as r:
        cross_validate(LinearRegression(), X, y)
        assert r.stats.slices > 0
        assert r.stats.size_bytes < X.nbytes / 4
        cross_val_predict(LinearRegression(), X, y)
    assert r.stats.hits >= 5  # the fits of all folds


def test_exceptions_are_not_kept(data) -> None:
    X, y = data
    with reuse() as r:
        for _ in range(2):
            with pytest.raises(ValueError, match="as asked"):
                Slow(fail=True).fit(X, y)
        with pytest.raises(ValueError, match="Found input variables"):
            Ridge().fit(X, y[:-1])
        with pytest.raises(TypeError):
            Ridge().fit()
    assert r.stats.hits == 0


def test_warnings_are_given_again(data) -> None:
    X, y = data
    with reuse() as r:
        for _ in range(2):
            with pytest.warns(UserWarning, match="a high level") as heard:
                Slow(level=2).fit(X, y)
            assert heard[0].filename == __file__
    assert r.stats.hits == 1


def test_a_warning_that_is_ignored_once_is_not_lost(data) -> None:
    X, y = data
    with reuse():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Slow(level=2).fit(X, y)
        with pytest.warns(UserWarning, match="a high level"):
            Slow(level=2).fit(X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(UserWarning):
                Slow(level=2).fit(X, y)


def test_the_code_of_a_users_estimator_counts(data, monkeypatch) -> None:
    X, _ = data
    with reuse() as r:
        first = Scaled().fit_transform(X)
        assert Scaled().fit_transform(X).tobytes() == first.tobytes()
        assert r.stats.hits == 1
        monkeypatch.setitem(globals(), "SCALE", 3.0)
        assert Scaled().fit_transform(X).tobytes() == (X * 3.0).tobytes()


def test_a_redefined_class(data) -> None:
    X, y = data

    def define(shift: float) -> Any:
        class Shifted(Ridge):
            def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
                super().fit(X, y, sample_weight)
                self.intercept_ += shift
                return self

        return Shifted

    with reuse() as r:
        for shift in (0.0, 1.0, 1.0):
            model = define(shift)(random_state=0).fit(X, y)
            plain = Ridge().fit(X, y)
            assert model.intercept_ == plain.intercept_ + shift
    assert r.stats.hits >= 3


def test_a_class_made_inside_the_context(data) -> None:
    X, _ = data
    with reuse() as r:

        class Late(TransformerMixin, BaseEstimator):
            def fit(self, X: Any, y: Any = None) -> Any:
                self.n_ = X.shape[1]
                return self

            def transform(self, X: Any) -> Any:
                return X + 1

            def get_feature_names_out(self, names: Any = None) -> Any:
                return np.array([f"x{i}" for i in range(self.n_)], dtype=object)

        late = Late().fit(X)
        outs = [late.transform(X) for _ in range(4)]
        outs[0][:] = 0
        assert outs[3].tobytes() == (X + 1).tobytes()
        assert late.transform(X).tobytes() == (X + 1).tobytes()
        frame = clone(late).set_output(transform="pandas").fit_transform(X)
        assert isinstance(frame, pd.DataFrame)
    assert r.stats.hits > 0
    assert Late().fit(X).transform(X).tobytes() == (X + 1).tobytes()


def test_a_fit_leaves_the_same_state(data) -> None:
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcdef"))

    def state(model: Any) -> Any:
        return {key: np.asarray(value).tobytes() for key, value in vars(model).items()}

    plain = state(Ridge().fit(frame, y))
    with reuse() as r:
        Ridge().fit(frame, y)
        model = Ridge().fit(frame, y)
        assert r.stats.hits == 1
        assert list(vars(model)) == list(plain)
        assert list(model.feature_names_in_) == list("abcdef")
        model.fit(X, y)
        assert not hasattr(model, "feature_names_in_")
        model.fit(frame, y)
        assert hasattr(model, "feature_names_in_")


def test_a_refused_call_is_explained(data) -> None:
    X, y = data
    with reuse() as r:
        StandardScaler(copy=False).fit(X.copy())
        Ridge().fit(X, y)
    assert "StandardScaler.fit: 0 reused" in r.explain()
    assert "may work in place (copy=False): 1" in r.explain()
    assert r.stats.misses == 1


def test_everything_is_put_back(data) -> None:
    import sklearn.linear_model._ridge as ridge
    import sklearn.model_selection._validation as validation

    X, y = data
    before = (
        *(vars(Ridge)["fit"], vars(TransformerMixin)["fit_transform"], vars(SVC.__mro__[1])),
        *(validation._safe_indexing, ridge._preprocess_data, warnings.warn),
        vars(BaseEstimator).get("__init_subclass__"),
    )
    with reuse(), reuse():
        Ridge().fit(X, y)
        assert vars(Ridge)["fit"] is not before[0]
    after = (
        *(vars(Ridge)["fit"], vars(TransformerMixin)["fit_transform"], vars(SVC.__mro__[1])),
        *(validation._safe_indexing, ridge._preprocess_data, warnings.warn),
        vars(BaseEstimator).get("__init_subclass__"),
    )
    assert all(one is other or one == other for one, other in zip(before, after, strict=True))


def test_a_context_can_be_entered_again(data) -> None:
    X, y = data
    context = reuse(store=None)
    for _ in range(2):
        with context:
            Ridge().fit(X, y)
    assert context.stats.hits == 1
    context.clear()
    with context:
        Ridge().fit(X, y)
    assert context.stats.hits == 1


def test_the_budget_holds(data) -> None:
    X, _ = data
    with reuse(budget_bytes=3 * X.nbytes, store=None) as r:
        for shift in range(10):
            StandardScaler().fit_transform(X + shift)
            assert r.stats.size_bytes <= 3 * X.nbytes
    with reuse(budget_bytes=0, store=None) as r:
        for _ in range(2):
            StandardScaler().fit_transform(X)
    assert r.stats.hits == 0


@pytest.mark.parametrize("store", [None, "default"])
def test_trees_count_in_the_budget(data, labels, store) -> None:
    X, _ = data

    def run() -> Any:
        return RandomForestClassifier(20, random_state=0).fit(X, labels)

    with reuse(store=store) as r:
        trees = [tree.tree_.__reduce__()[2] for tree in run().estimators_]
        least = sum(state["nodes"].nbytes + state["values"].nbytes for state in trees)
        assert r.stats.size_bytes >= least
    with reuse(store=store, budget_bytes=least) as small:
        run()
        assert small.stats.size_bytes <= least
        run()
    assert small.stats.size_bytes <= least


def test_vocabulary_that_a_transform_adds_is_added_each_time() -> None:
    texts = ["one two", "two two"] * 200
    with reuse() as r:
        for _ in range(2):
            counter = CountVectorizer(vocabulary=["one", "two"])
            counter.transform(texts)
            assert counter.vocabulary_ == {"one": 0, "two": 1}
    assert r.stats.reasons["changes its own state"] == 2


def test_sparse_output_is_private(data) -> None:
    words = np.array([["a"], ["b"], ["a"], ["c"]] * 40, dtype=object)
    plain = OneHotEncoder().fit_transform(words).toarray()
    with reuse() as r:
        first = OneHotEncoder().fit_transform(words)
        first.data[:] = 7
        second = OneHotEncoder().fit_transform(words)
        assert (second.toarray() == plain).all()
    assert r.stats.hits == 1


def test_metadata_routing(data) -> None:
    X, y = data
    weights = np.linspace(0.1, 1, len(y))

    def run() -> Any:
        with sklearn.config_context(enable_metadata_routing=True):
            scaler = StandardScaler().set_fit_request(sample_weight=True)
            pipe = make_pipeline(scaler, Ridge().set_fit_request(sample_weight=True))
            scorer = get_scorer("r2").set_score_request(sample_weight=False)
            search = GridSearchCV(pipe, {"ridge__alpha": [0.1, 1.0]}, cv=3, scoring=scorer)
            return search.fit(X, y, sample_weight=weights).cv_results_["mean_test_score"]

    plain = run()
    with reuse():
        assert run().tobytes() == plain.tobytes()
        assert run().tobytes() == plain.tobytes()


def test_the_hooks_are_no_part_of_anybodys_code(data) -> None:
    from clew.lineage.code import code_id

    def step(X: Any, y: Any) -> Any:
        warnings.warn("seen", UserWarning, stacklevel=2)
        return Slow().fit(X, y)

    outside = code_id(step), code_id(Scaled), code_id(Slow)
    with reuse():
        assert (code_id(step), code_id(Scaled), code_id(Slow)) == outside


class Duck:
    """Looks like an estimator, is none of the library's, and works in place."""

    def __init__(self) -> None:
        self.inner = make_pipeline(StandardScaler(), Ridge())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def set_params(self) -> Any:
        return self

    def __sklearn_clone__(self) -> Any:
        return Duck()

    def __sklearn_tags__(self) -> Any:
        return Ridge().__sklearn_tags__()

    def fit(self, X: Any, y: Any) -> Any:
        X *= np.linspace(1, 2, len(X))[:, None]
        self.inner.fit(X, y)
        return self

    def predict(self, X: Any) -> Any:
        X += 1
        return self.inner.predict(X)

    def score(self, X: Any, y: Any) -> float:
        return float(np.mean((self.predict(X) - y) ** 2))


def test_slices_that_an_unknown_estimator_edits(data) -> None:
    X, y = data

    def run() -> Any:
        Ridge().fit(X, y)
        found = cross_validate(Duck(), X, y, cv=3, return_train_score=True)
        more = cross_validate(make_pipeline(StandardScaler(), Ridge()), X, y, cv=3)
        scores = (found["test_score"], found["train_score"], more["test_score"])
        return [values.tobytes() for values in scores]

    plain = run()
    with reuse():
        assert run() == plain
        assert run() == plain


def clears_its_rows(model: Any, X: Any, y: Any) -> float:
    X[:] = 0.0
    return float(get_scorer("accuracy")(model, X, y))


def test_a_learning_curve_whose_scorer_writes_into_its_rows() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6))
    y = (X.sum(axis=1) > 0.3).astype(int)

    def curve(scoring: Any) -> bytes:
        model = SGDClassifier(random_state=0)
        found = learning_curve(
            *(model, X, y), cv=3, scoring=scoring, exploit_incremental_learning=True
        )
        return found[2].tobytes()

    plain = curve("accuracy"), curve(clears_its_rows)
    with reuse():
        assert (curve("accuracy"), curve(clears_its_rows)) == plain


def test_a_stage_fitted_in_a_search_answers_outside_of_it() -> None:
    X = np.random.default_rng(0).normal(size=(180, 6))
    y = (X.sum(axis=1) > 0).astype(int)
    pipe = make_pipeline(MaxAbsScaler(), LogisticRegression())
    plain = MaxAbsScaler().fit_transform(X)
    with reuse() as r:
        GridSearchCV(pipe, {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(X, y)
        assert MaxAbsScaler().fit_transform(X, y).tobytes() == plain.tobytes()
    assert "MaxAbsScaler.fit_transform: 0 reused" not in r.explain()
