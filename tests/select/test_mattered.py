"""Which params mattered: the shares against the plain sums that they stand for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from clew.errors import InvalidParameter
from clew.select import importance
from clew.select.mattered import _Leaves


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 60), st.integers(1, 4))
def test_effects_are_those_of_the_tree_over_all_combinations(seed, n, width) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 4, (n, width))
    # Ranks are dense, as the module gives them.
    codes = np.array([np.unique(column, return_inverse=True)[1] for column in codes.T]).T
    scores = draw.normal(size=n) + codes[:, 0] * codes[:, -1]
    tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=0).fit(codes, scores)
    weights = [np.bincount(column) / n for column in codes.T]
    leaves = _Leaves(tree.tree_, weights)

    shape = tuple(len(weight) for weight in weights)
    grid = np.array(list(product(*map(range, shape))))
    answers = tree.predict(grid).reshape(shape)
    chance = np.array([np.prod([w[x] for w, x in zip(weights, at, strict=True)]) for at in grid])
    chance = chance.reshape(shape)
    answers = answers - (answers * chance).sum()
    assert leaves.variance == pytest.approx((answers**2 * chance).sum(), abs=1e-9)

    def explained(axes: tuple[int, ...]) -> float:
        """The variance of the mean answer given some params."""
        others = tuple(at for at in range(width) if at not in axes)
        mass = chance.sum(axis=others, keepdims=True)
        means = (answers * chance).sum(axis=others, keepdims=True) / mass
        return float((means**2 * mass).sum())

    for at in range(width):
        assert leaves.main(at) == pytest.approx(explained((at,)), abs=1e-9)
        others = tuple(other for other in range(width) if other != at)
        total = leaves.variance - (explained(others) if others else 0.0)
        assert leaves.total(at) == pytest.approx(total, abs=1e-9)
    for a in range(width):
        for b in range(a + 1, width):
            both = explained((a, b)) - explained((a,)) - explained((b,))
            assert leaves.pair(a, b) == pytest.approx(both, abs=1e-9)


def trials(n: int, **columns) -> dict[str, object]:
    draw = np.random.default_rng(3)
    return {
        "param_rate": 10 ** draw.uniform(-4, 0, n),
        "param_kind": [("a", "b", None)[at] for at in draw.integers(0, 3, n)],
        "param_depth": np.ma.masked_equal(draw.integers(0, 9, n), 0),
        "param_same": ["x"] * n,
        **columns,
    }


def test_what_decides_the_score_comes_first_and_pairs_are_told() -> None:
    tried = trials(400)
    rate = np.log10(tried["param_rate"])
    product = np.array([k == "a" for k in tried["param_kind"]]) * tried["param_depth"].filled(0)
    found = importance({**tried, "mean_test_r2": -((rate + 2) ** 2), "mean_test_x": product})
    assert (found.metric, found.trials, len(found.params)) == ("r2", 400, 4)
    assert found.params[0].param == "rate" and found.params[0].alone > 0.95
    assert {one.param: one.share for one in found.params}["same"] == pytest.approx(0)
    assert found.explained > 0.95
    other = importance({**tried, "mean_test_r2": rate, "mean_test_x": product}, "x")
    assert set(other.pairs[0].params) == {"kind", "depth"} and other.pairs[0].share > 0.1
    assert all(one.share >= one.alone for one in other.params)
    assert found == importance({**tried, "mean_test_r2": -((rate + 2) ** 2)})


def test_noise_is_told_as_not_explained() -> None:
    draw = np.random.default_rng(0)
    found = importance({**trials(60), "mean_test_r2": draw.normal(size=60)})
    assert found.explained < 0.3


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ({**trials(7), "mean_test_r2": range(7)}, "too few"),
        ({**trials(9), "mean_test_r2": [1.0] * 9}, "same score"),
        ({**trials(9), "mean_test_r2": [np.nan] * 9}, "too few"),
        ({**trials(9)}, "no such score"),
        ({"mean_test_r2": range(9)}, "varied no params"),
    ],
)
def test_what_cannot_be_told_says_why(results, said) -> None:
    with pytest.raises(InvalidParameter, match=said):
        importance(results)
