"""Transforms: scikit-learn takes them, short distances are lower bounds, frames come back."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")

import pyarrow as pa
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.metrics import pairwise_distances
from sklearn.utils.estimator_checks import check_estimator

from clew.data import adult
from clew.data.transforms import (
    PAA,
    SAX,
    Fourier,
    FrameEncoder,
    Haar,
    SelectUncorrelated,
    SupervisedBinner,
    sampling,
)
from clew.data.transforms.series import scaled
from clew.errors import InvalidParameter, NotFound, WrongType

SERIES = arrays(
    np.float64,
    st.tuples(st.integers(2, 5), st.integers(2, 40)),
    elements=st.floats(-1e3, 1e3, width=32),
)


@pytest.mark.parametrize(
    "estimator",
    [PAA(2), Haar(2), Fourier(2), SAX(2), SupervisedBinner(), SelectUncorrelated()],
    ids=lambda e: type(e).__name__,
)
def test_scikit_learn_takes_it_for_one_of_its_own(estimator: Any) -> None:
    check_estimator(estimator, on_skip=None)


@settings(max_examples=60, deadline=None)
@given(X=SERIES, size=st.integers(1, 12), alphabet=st.integers(2, 12))
def test_distances_of_words_never_exceed_euclid(X: Any, size: int, alphabet: int) -> None:
    sax = SAX(size, alphabet)
    words = sax.fit_transform(X)
    assert words.min() >= 0
    assert words.max() < alphabet
    assert (sax.mindist(words) <= pairwise_distances(scaled(X)) + 1e-6).all()


@settings(max_examples=60, deadline=None)
@given(X=SERIES, size=st.integers(1, 12))
def test_distances_of_short_series_never_exceed_euclid(X: Any, size: int) -> None:
    true = pairwise_distances(X) + 1e-6 * (1.0 + np.abs(X).max())
    for kind in (Haar, Fourier):
        assert (pairwise_distances(kind(size).fit_transform(X)) <= true).all()
    means = PAA(size).fit_transform(X)
    assert (pairwise_distances(means) * (X.shape[1] / means.shape[1]) ** 0.5 <= true).all()


@pytest.mark.parametrize("kind", [Haar, Fourier, PAA])
@pytest.mark.parametrize("steps", [1, 2, 7, 8])
def test_all_terms_lose_nothing(kind: Any, steps: int) -> None:
    X = np.random.default_rng(0).normal(size=(5, steps))
    whole = kind(steps).fit(X)
    if kind is Haar and steps == 7:
        whole = kind(8).fit(np.pad(X, ((0, 0), (0, 1))))
        X = np.pad(X, ((0, 0), (0, 1)))
    assert np.allclose(whole.inverse_transform(whole.transform(X)), X)
    assert np.allclose(PAA(4).fit_transform(np.arange(8.0)[None]), [[0.5, 2.5, 4.5, 6.5]])
    assert np.allclose(PAA(2).fit_transform([[1.0, 2.0, 3.0]]), [[4 / 3, 8 / 3]])


def test_cuts_lie_where_classes_change() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (2_000, 3))
    y = (X[:, 0] > 0.3).astype(int) + (X[:, 1] > 0.8)
    binner = SupervisedBinner().fit(X, y)
    assert min(abs(binner.cuts_[0] - 0.3)) < 0.01
    assert min(abs(binner.cuts_[1] - 0.8)) < 0.01
    assert len(binner.cuts_[2]) == 0
    assert np.array_equal(binner.transform([[0.3 - 0.02, 0.9, 0.5]])[:, 2], [0.0])
    X, y = load_breast_cancer(return_X_y=True)
    few = SupervisedBinner(max_bins=2).fit(X, y)
    assert max(map(len, few.cuts_)) == 1
    assert len(SupervisedBinner().fit(np.zeros((10, 1)), np.arange(10) % 2).cuts_[0]) == 0


def test_columns_that_repeat_a_better_one_are_left_out() -> None:
    X, y = make_classification(600, 5, n_informative=3, n_redundant=0, random_state=0)
    X = np.column_stack([X, X[:, 0] * -2 + 1e-3 * X[:, 1], np.ones(600)])
    selector = SelectUncorrelated(threshold=0.95).fit(X, y)
    assert not selector.support_[6]
    assert selector.support_[[0, 5]].sum() == 1
    assert set(selector.repeats_) | set(selector.repeats_.values()) == {0, 5}
    kept = np.abs(np.corrcoef(selector.transform(X).T)) - np.eye(selector.support_.sum())
    assert kept.max() <= 0.95
    two = SelectUncorrelated(k=2).fit(X, y)
    assert two.transform(X).shape == (600, 2)


FRAMES = st.integers(0, 12).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            "whole": st.lists(st.none() | st.integers(-(2**53), 2**53), min_size=n, max_size=n),
            "real": st.lists(
                st.none() | st.floats(allow_nan=False, width=64), min_size=n, max_size=n
            ),
            "yes": st.lists(st.none() | st.booleans(), min_size=n, max_size=n),
            "text": st.lists(st.none() | st.text(max_size=3), min_size=n, max_size=n),
        }
    )
)
SCHEMA = pa.schema([("whole", "int64"), ("real", "float64"), ("yes", "bool"), ("text", "string")])


@settings(max_examples=80, deadline=None)
@given(columns=FRAMES, how=st.sampled_from(["default", "recode", "onehot"]))
def test_decoding_undoes_encoding(columns: Any, how: str) -> None:
    frame = pa.table(columns, schema=SCHEMA)
    spec = {} if how == "default" else dict.fromkeys(SCHEMA.names, how)
    encoder = FrameEncoder(spec).fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    if how == "onehot":  # nothing distinct: nothing to write down
        spoiled = [n for n in SCHEMA.names if not any(v is not None for v in columns[n])]
        frame, back = frame.drop_columns(spoiled), back.drop_columns(spoiled)
    assert back.equals(frame)
    whole = pa.table(columns, schema=SCHEMA)
    again = FrameEncoder.from_meta(json.loads(json.dumps(encoder.meta_)))
    assert np.array_equal(again.transform(whole), encoder.transform(whole), equal_nan=True)


def test_a_real_frame_goes_there_and_back() -> None:
    frame = pd.read_parquet(adult.path()).head(3_000)
    spec = {"workclass": "onehot", "fnlwgt": ("bin", 20), "native_country": ("hash", 16)}
    spec = {name: how for name, how in spec.items() if name in frame.columns}
    encoder = FrameEncoder(spec).fit(frame)
    matrix = encoder.transform(frame)
    assert matrix.shape == (3_000, len(encoder.get_feature_names_out()))
    back = encoder.inverse_transform(matrix).to_pandas()
    for name in back.columns:
        if name not in ("fnlwgt",):
            ours, theirs = back[name].astype(object), frame[name].astype(object)
            assert (ours.isna() == theirs.isna()).all()
            assert (ours.dropna() == theirs.dropna()).all()
    width = (frame["fnlwgt"].max() - frame["fnlwgt"].min()) / 20
    assert (abs(back["fnlwgt"] - frame["fnlwgt"]) <= width / 2 + 1e-6).all()


def test_what_a_frame_may_not_hold() -> None:
    encoder = FrameEncoder().fit({"a": ["x", "y"], "n": [1, 2]})
    with pytest.raises(InvalidParameter, match="unknown="):
        encoder.transform({"a": ["z"], "n": [1]})
    lenient = FrameEncoder(unknown="missing").fit({"a": ["x", "y"]})
    assert np.isnan(lenient.transform({"a": ["z"]})).all()
    with pytest.raises(NotFound, match="lacks"):
        encoder.transform({"a": ["x"]})
    with pytest.raises(NotFound, match="no such column"):
        FrameEncoder({"b": "pass"}).fit({"a": ["x"]})
    with pytest.raises(WrongType, match="pass"):
        FrameEncoder({"a": "pass"}).fit({"a": ["x"]})
    with pytest.raises(WrongType, match="list"):
        FrameEncoder().fit({"a": [[1]]})
    with pytest.raises(InvalidParameter, match="how a is encoded"):
        FrameEncoder({"a": "bin"}).fit({"a": [1]})
    with pytest.raises(InvalidParameter, match="recode"):
        FrameEncoder().fit({"a": [1]}).transform({"a": [2**60 + 1]})
    with pytest.raises(InvalidParameter, match="codes of a"):
        encoder.inverse_transform([[7.0, 1.0]])
    with pytest.raises(InvalidParameter, match="fractions"):
        encoder.inverse_transform([[1.0, 1.5]])


def test_samples_have_their_shares() -> None:
    y = np.repeat(["a", "b", "c"], [700, 290, 10])
    chosen = sampling.stratified(y, 100, seed=1)
    assert Counter(y[chosen]) == {"a": 70, "b": 29, "c": 1}
    assert np.array_equal(chosen, sampling.stratified(y, 100, seed=1))
    assert sorted(sampling.stratified(y, 1_000)) == list(range(1_000))
    assert len(set(sampling.uniform(50, 20))) == 20
    times = np.arange(100_000)
    ages = 99_999 - sampling.time_decayed(times, 2_000, half_life=1_000)
    assert 0.4 < (ages < 1_200).mean() < 0.7
    assert len(sampling.time_decayed(times, 50_000, half_life=1e-3)) == 50_000
    days = np.datetime64("2026-01-01") + np.arange(100)
    recent = sampling.time_decayed(days, 10, half_life=np.timedelta64(2, "D"))
    assert days[recent].min() > np.datetime64("2026-03-01")
    X = np.concatenate(
        [np.random.default_rng(0).normal(size=(900, 2)) * 0.01, [[k, 9.0] for k in range(100)]]
    )
    assert (sampling.density(X, 100) >= 900).mean() > 0.5
    with pytest.raises(InvalidParameter, match="0 to 50"):
        sampling.uniform(50, 51)
    with pytest.raises(InvalidParameter, match="half_life"):
        sampling.time_decayed(times, 5, half_life=0)


def test_a_reservoir_is_a_fair_sample_of_a_stream() -> None:
    counts = Counter(
        item for seed in range(4_000) for item in sampling.reservoir(iter(range(40)), 4, seed=seed)
    )
    assert len(counts) == 40
    assert max(abs(n - 400) for n in counts.values()) < 90
    assert sampling.reservoir("ab", 5) == ["a", "b"]
    assert sampling.reservoir("abc", 0) == []
    assert len(sampling.reservoir(range(200_000), 10)) == 10
