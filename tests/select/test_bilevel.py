"""Hypergradients: finite differences, scikit-learn's weights, and penalties that find the noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge

from clew.errors import InvalidParameter
from clew.select.bilevel import hypergradient, tune


def parts(kind: str, seed: int, columns: int = 4) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(60, columns)) * draw.uniform(0.3, 3, columns)
    signal = X[:, 0] - 0.5 * X[:, 1] + draw.normal(0, 0.7, 60) + 0.3
    y = signal if kind == "ridge" else np.where(signal > 0, "yes", "no")
    return (X[:35], y[:35]), (X[35:], y[35:])


@pytest.mark.parametrize("kind", ["ridge", "logistic"])
@given(seed=st.integers(0, 500), each=st.booleans())
def test_gradients_are_finite_differences(kind: Any, seed: int, each: bool) -> None:
    train, held = parts(kind, seed)
    draw = np.random.default_rng(seed)
    at = draw.uniform(-3, 4, 4) if each else float(draw.uniform(-3, 4))
    found = hypergradient(kind, train, held, at)
    for place in range(4 if each else 1):
        step = np.zeros(4)
        step[place] = 1e-4
        move = step if each else 1e-4
        up = hypergradient(kind, train, held, at + move).value
        down = hypergradient(kind, train, held, at - move).value
        assert found.gradient[place] == pytest.approx((up - down) / 2e-4, rel=1e-3, abs=1e-7)


def test_weights_are_those_of_scikit_learn() -> None:
    train, held = parts("ridge", 1)
    found = hypergradient("ridge", train, held, np.log(3.0))
    model = Ridge(alpha=3.0).fit(*train)
    assert found.coef == pytest.approx(model.coef_, rel=1e-6)
    assert found.intercept == pytest.approx(model.intercept_, rel=1e-6)
    assert found.value == pytest.approx(np.mean((model.predict(held[0]) - held[1]) ** 2))
    train, held = parts("logistic", 2)
    found = hypergradient("logistic", train, held, np.log(2.0))
    logistic = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(*train)
    assert found.coef == pytest.approx(logistic.coef_[0], rel=1e-4)
    assert found.intercept == pytest.approx(logistic.intercept_[0], rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("kind", ["ridge", "logistic"])
def test_tuned_penalties_are_no_worse_than_a_grid(kind: Any) -> None:
    train, held = parts(kind, 7, columns=12)
    grid = [hypergradient(kind, train, held, value).value for value in np.linspace(-9, 9, 60)]
    one = tune(kind, train, held, each=False)
    assert one.value <= min(grid) + 1e-6
    every = tune(kind, train, held)
    assert every.value <= one.value + 1e-6
    assert every.penalty[0] < np.median(every.penalty[2:])
    said = every.predict(held[0])
    if kind == "logistic":
        assert set(said) <= {"yes", "no"}
        assert np.mean(said == held[1]) > 0.7
    assert every.evaluations < 400


@pytest.mark.parametrize(
    ("kind", "train", "penalty", "told"),
    [
        ("lasso", None, 0.0, "ridge or logistic"),
        ("ridge", (np.ones((3, 2)), [1.0, 2.0]), 0.0, "rows and targets"),
        ("ridge", (np.ones((3, 2)), [1.0, 2.0, 3.0]), 0.0, "columns and penalties"),
        ("ridge", None, np.zeros(3), "columns and penalties"),
        ("logistic", (np.ones((3, 4)), ["a", "b", "c"]), 0.0, "two"),
    ],
)
def test_what_does_not_fit_together_is_told(kind: Any, train: Any, penalty: Any, told: str) -> None:
    own, held = parts("ridge", 0)
    with pytest.raises(InvalidParameter, match=told):
        hypergradient(kind, train or own, held, penalty)
