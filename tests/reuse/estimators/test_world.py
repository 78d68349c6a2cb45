"""Attacks: what reads the world, patches the library or hides in another process is never stale."""

from __future__ import annotations

import functools
import os
import threading
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.preprocessing._data as scaling
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.utils.validation import check_array

from clew.reuse.context import reuse


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    return X, X.sum(axis=1)


class Shifted(TransformerMixin, BaseEstimator):
    """Reads a file."""

    def __init__(self, path: str = ""):
        self.path = path

    def fit(self, X: Any, y: Any = None) -> Any:
        self.shift_ = float(np.load(self.path))
        return self

    def transform(self, X: Any) -> Any:
        return X + self.shift_


def test_a_file_that_an_estimator_reads(data, tmp_path: Path) -> None:
    X, y = data
    path = tmp_path / "shift.npy"
    pipe = make_pipeline(Shifted(str(path)), Ridge())
    found = []
    with reuse() as r:
        for shift in (1.0, 2.0, 1.0):
            np.save(path, shift)
            found.append(float(Shifted(str(path)).fit_transform(X)[0, 0] - X[0, 0]))
            search = GridSearchCV(pipe, {"ridge__alpha": [1.0, 2.0]}, cv=2).fit(X, y)
            assert search.best_estimator_[0].shift_ == shift
    assert np.round(found, 9).tolist() == [1.0, 2.0, 1.0]
    assert "Shifted.fit_transform: 0 reused" in r.explain()
    assert "reads files" in r.explain()


@functools.lru_cache
def factor(path: str) -> float:
    return float(Path(path).read_text())


def test_a_file_that_was_read_before_by_a_helper_that_keeps_its_answers(
    data, tmp_path: Path
) -> None:
    X, path = data[0], tmp_path / "factor.txt"

    def scaled(rows: Any) -> Any:
        return rows * factor(str(path))

    found = []
    for text in ("2", "3"):
        path.write_text(text)
        factor.cache_clear()
        factor(str(path))  # no call below opens the file
        with reuse() as r:
            found.append(FunctionTransformer(scaled).fit_transform(X)[0, 0] / X[0, 0])
    assert np.round(found, 9).tolist() == [2.0, 3.0]
    assert "its answers are kept" in r.explain()


def test_a_file_that_the_library_reads(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    found = []
    with reuse():
        for text in ("one two", "three"):
            path.write_text(text)
            found.append(sorted(CountVectorizer(input="filename").fit([str(path)]).vocabulary_))
    assert found == [["one", "two"], ["three"]]


class Clock(BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.at_ = time.perf_counter_ns()
        return self


class Entropy(BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.at_ = np.random.default_rng().random()
        return self


class Variable(BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.at_ = (os.environ.get("COUNTER"), next(TICKS))
        return self


TICKS = iter(range(100))


@pytest.mark.parametrize("kind", [Clock, Entropy, Variable])
def test_the_clock_entropy_and_variables(data, kind: Any, monkeypatch) -> None:
    monkeypatch.setenv("COUNTER", "1")
    with reuse() as r:
        seen = {clone(kind()).fit(data[0]).at_ for _ in range(3)}
    assert len(seen) == 3
    assert r.stats.hits == 0


def now_scaled(X: Any) -> Any:
    return X * time.time()


def test_a_function_that_reads_the_clock(data) -> None:
    with reuse() as r:
        for _ in range(2):
            FunctionTransformer(now_scaled).fit_transform(data[0])
    assert r.stats.hits == 0


@pytest.mark.parametrize("place", ["class", "module", "base"])
def test_a_patched_library(data, place: str, monkeypatch) -> None:
    X, _ = data
    owner, name = {
        "class": (StandardScaler, "transform"),
        "module": (scaling, "_handle_zeros_in_scale"),
        "base": (TransformerMixin, "fit_transform"),
    }[place]
    original = getattr(owner, name)
    model = StandardScaler(with_mean=False)

    def run() -> float:
        return float(clone(model).fit_transform(X)[0, 0])

    plain = run()
    with reuse():
        assert run() == plain
    for factor in (2.0, 4.0, 2.0):

        def patched(*args: Any, factor: float = factor, **kwargs: Any) -> Any:
            return original(*args, **kwargs) * factor

        monkeypatch.setattr(owner, name, patched)
        expected = run()
        assert expected != plain
        with reuse():
            assert run() == expected
        monkeypatch.undo()
        with reuse():
            assert run() == plain


def test_a_library_patched_inside_the_context(data, monkeypatch) -> None:
    X, _ = data
    with reuse():
        plain = MinMaxScaler().fit(X).scale_
        original = scaling._handle_zeros_in_scale
        monkeypatch.setattr(scaling, "_handle_zeros_in_scale", lambda *a, **k: original(*a) * 2)
        assert np.array_equal(MinMaxScaler().fit(X).scale_, plain / 2)
        monkeypatch.undo()
        assert np.array_equal(MinMaxScaler().fit(X).scale_, plain)


def test_a_mock_in_the_library_is_executed(data) -> None:
    X, _ = data
    with reuse() as r:
        for value in (1.0, 3.0):
            with mock.patch.object(scaling, "_handle_zeros_in_scale", return_value=value):
                assert StandardScaler().fit(X).scale_ == value
    assert r.stats.hits == 0


class Careless(BaseEstimator):
    """Writes into its input, then validates it."""

    def fit(self, X: Any, y: Any = None) -> Any:
        X[0, 0] = np.nan
        check_array(X)
        return self


def test_validation_after_a_write(data) -> None:
    X, y = data
    X = np.tile(X, (50, 1))
    with reuse():
        Ridge().fit(X, np.tile(y, 50))
        with pytest.raises(ValueError, match="NaN"):
            Careless().fit(X)


@pytest.mark.slow
def test_unseeded_work_in_other_processes(data) -> None:
    X, y = data

    def run() -> bytes:
        grid = {"max_depth": [2, 3]}
        search = GridSearchCV(RandomForestClassifier(3), grid, cv=2, n_jobs=2, refit=False)
        return search.fit(X, y > 0).cv_results_["mean_test_score"].tobytes()

    with reuse() as r:
        assert len({run() for _ in range(6)}) > 1
    assert "GridSearchCV.fit: 0 reused" in r.explain()


@pytest.mark.slow
def test_files_read_in_other_processes(data, tmp_path: Path) -> None:
    X, y = data
    path = tmp_path / "shift.npy"
    pipe = make_pipeline(Shifted(str(path)), Ridge())
    with reuse():
        for shift in (1.0, 2.0):
            np.save(path, shift)
            search = GridSearchCV(pipe, {"ridge__alpha": [1.0, 2.0]}, cv=2, n_jobs=2).fit(X, y)
            assert search.best_estimator_[0].shift_ == shift


def test_a_splitter_without_a_seed(data) -> None:
    X, y = data
    with reuse() as r:
        found = {
            GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=KFold(3, shuffle=True))
            .fit(X, y)
            .cv_results_["mean_test_score"]
            .tobytes()
            for _ in range(3)
        }
    assert len(found) == 3
    assert "GridSearchCV.fit: 0 reused" in r.explain()


class Meta(BaseEstimator):
    """Patches the library while it is fitted, and puts it back."""

    def __init__(self, factor: float = 1.0):
        self.factor = factor

    def fit(self, X: Any, y: Any = None) -> Any:
        original = scaling._handle_zeros_in_scale
        factor = self.factor
        scaling._handle_zeros_in_scale = lambda *a, **k: original(*a, **k) * factor
        try:
            self.scale_ = StandardScaler().fit(X).scale_
        finally:
            scaling._handle_zeros_in_scale = original
        return self


def test_an_estimator_that_patches_the_library(data) -> None:
    X, _ = data
    plain = StandardScaler().fit(X).scale_
    with reuse():
        for factor in (1.0, 2.0, 2.0):
            assert np.array_equal(Meta(factor).fit(X).scale_, plain * factor)
            assert np.array_equal(StandardScaler().fit(X).scale_, plain)


def test_threads_that_edit_their_own_data(data) -> None:
    X, y = data
    problems: list[str] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        own = X.copy()
        for _ in range(25):
            own[int(rng.integers(300)), int(rng.integers(5))] += 1.0
            model = make_pipeline(StandardScaler(), Ridge()).fit(own, y)
            expected = own.mean(axis=0)
            if not np.allclose(model[0].mean_, expected, rtol=1e-12):
                problems.append(f"thread {seed}")
            model[1].coef_ *= 0.5
            out = model.predict(own)
            out[:] = 0

    with reuse():
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not problems


def test_edited_frames_and_their_views(data) -> None:
    frame = pd.DataFrame(data[0], columns=list("abcde"))
    with reuse():
        for step in range(4):
            expected = frame.to_numpy().mean(axis=0)
            assert np.allclose(StandardScaler().fit(frame).mean_, expected, rtol=1e-12)
            frame.iloc[step, 0] += 100.0
            frame.columns = list("bacde") if step % 2 else list("abcde")
            assert np.allclose(
                StandardScaler().fit(frame[["a", "b"]]).mean_,
                frame[["a", "b"]].to_numpy().mean(axis=0),
                rtol=1e-12,
            )


def test_edited_lists_of_text() -> None:
    docs = [f"word{n % 7} text" for n in range(400)]
    with reuse():
        for step in range(3):
            docs[step] = f"new{step}"
            assert f"new{step}" in CountVectorizer().fit(docs).vocabulary_


@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
def test_options_of_pandas() -> None:
    words = pd.DataFrame({"a": ["x", "y", "x"] * 30})

    def run() -> Any:
        encode = OneHotEncoder(sparse_output=False).set_output(transform="pandas")
        return encode.fit_transform(words).columns.dtype

    for flag in (True, False):
        with pd.option_context("future.infer_string", flag):
            plain = run()
            with reuse():
                assert (run(), run()) == (plain, plain)


class Counted(BaseEstimator):
    made = 0

    def fit(self, X: Any, y: Any = None) -> Any:
        type(self).made += 1
        self.number_ = type(self).made
        return self

    def predict(self, X: Any) -> Any:
        SAID.append(len(X))
        return np.full(len(X), len(SAID))


SAID: list[int] = []


def tallied(X: Any) -> Any:
    SAID.append(len(X))
    return X + len(SAID)


def test_code_that_changes_what_it_reads_is_executed_again(data) -> None:
    X, _ = data

    def run() -> Any:
        Counted.made = 0
        SAID.clear()
        numbers = [Counted().fit(X).number_ for _ in range(3)]
        sums = [float(FunctionTransformer(tallied).fit_transform(X).sum()) for _ in range(2)]
        return numbers, [int(Counted().fit(X).predict(X)[0]) for _ in range(2)], sums

    plain = run()
    with reuse() as r:
        assert run() == plain
        assert run() == plain
    assert "changes what its code reads" in r.explain()


def test_a_check_that_was_left_out_does_not_count_as_made(data) -> None:
    X, _ = data
    spoiled = X.copy()
    spoiled[3, 1] = np.nan
    with reuse():
        with sklearn.config_context(assume_finite=True):
            Counted().fit(spoiled)
            Binarizer().fit(spoiled)
        with pytest.raises(ValueError, match="contains NaN"):
            Binarizer().fit(spoiled)
