"""Which columns answers depend on."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from clew.debug.importance import partial, permuted, shapley
from clew.errors import InvalidParameter, MissingExtra, NotFound


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(300, 3)), columns=["a", "b", "c"])
    return X, (3 * X["a"] + X["b"]).to_numpy()


def test_shuffled_columns_by_how_much_they_matter() -> None:
    X, y = rows()
    found = permuted(LinearRegression().fit(X, y), X, y)
    assert [one.column for one in found] == ["a", "b", "c"]
    assert found[0].low > found[1].high > found[1].low > 0
    assert found[2].fall == pytest.approx(0, abs=1e-9)
    with pytest.raises(InvalidParameter, match="shuffles"):
        permuted(LinearRegression().fit(X, y), X, y, repeats=1)


def test_the_mean_answer_along_a_column() -> None:
    X, y = rows()
    found = partial(LinearRegression().fit(X, y), X, "a", points=5)
    slope = (found[-1][1] - found[0][1]) / (found[-1][0] - found[0][0])
    assert slope == pytest.approx(3)
    chances = partial(LogisticRegression().fit(X, y > 0), X, "a", points=5)
    assert [answer for _, answer in chances] == sorted(answer for _, answer in chances)
    with pytest.raises(NotFound, match="no such column"):
        partial(LinearRegression().fit(X, y), X, "d")


def test_shapley_values_add_up_or_say_what_to_install(monkeypatch) -> None:
    X, y = rows()
    model = LinearRegression().fit(X, y)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "shap", None)
        with pytest.raises(MissingExtra, match="pip install shap"):
            shapley(model, X[:5], X)
    pytest.importorskip("shap")
    found = shapley(model, X[:5], X[:100])
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, model.predict(X[:5]))
    assert next(iter(found.mean)) == "a"


def test_trees_and_whole_numbers_are_asked_by_brute_force() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    X, y = rows()
    X = X.assign(a=(X["a"] * 10).round().astype(int))
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(X, y > 0)
    chances = partial(model, X, "a", points=5)
    assert len(chances) == 5
    assert chances[-1][1] > chances[0][1] + 0.3
