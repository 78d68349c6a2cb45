"""Searches under reuse give what they give without it, to the last bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from clew.reuse.context import reuse
from tests.reuse.estimators.catalogue import CASES, QUICK


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ma.MaskedArray):
        masks = np.ma.getmaskarray(one), np.ma.getmaskarray(other)
        pairs = zip(one.compressed(), other.compressed(), strict=True)
        return np.array_equal(*masks) and all(str(a) == str(b) for a, b in pairs)
    if isinstance(one, np.ndarray):
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and (
                one.tobytes() == other.tobytes() if one.dtype != object else str(one) == str(other)
            )
        )
    return str(one) == str(other)


def run(search: Any, X: Any, y: Any, extra: dict[str, Any]) -> tuple[Any, list[str]]:
    np.random.seed(11)
    search = clone(search)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        search.fit(X, y, **extra)
    # Messages of failures hold a traceback, and the hooks are frames of it.
    return search, [f"{w.category.__name__}: {str(w.message).splitlines()[0]}" for w in heard]


def check_same(plain: Any, other: Any, X: Any) -> None:
    for key, found in plain.cv_results_.items():
        if not key.endswith("_time"):
            assert same(found, other.cv_results_[key]), key
    assert plain.best_index_ == other.best_index_
    assert plain.best_estimator_.predict(X).tobytes() == other.best_estimator_.predict(X).tobytes()
    assert sorted(vars(plain.best_estimator_)) == sorted(vars(other.best_estimator_))


def check(name: str) -> None:
    search, X, y, extra = CASES[name]()
    plain, heard = run(search, X, y, extra)
    after = np.random.random()
    _, X_again, y_again, _ = CASES[name]()
    with reuse() as r:
        first, heard_first = run(search, X_again, y_again, extra)
        assert np.random.random() == after
        # Another key for the search as a whole: every fit and transform inside is asked for again.
        again = clone(search).set_params(n_jobs=1)
        second, heard_second = run(again, X_again, y_again, extra)
        assert np.random.random() == after
    check_same(plain, first, X)
    check_same(plain, second, X)
    assert heard_first == heard
    assert heard_second == heard
    assert r.stats.hits > 0
    if isinstance(X, pd.DataFrame):
        pd.testing.assert_frame_equal(X, X_again)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_a_search_is_identical(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES.keys() - QUICK))
def test_every_search_is_identical(name: str) -> None:
    check(name)


def test_the_catalogue_is_wide() -> None:
    assert len(CASES) >= 25
