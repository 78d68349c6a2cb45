"""Domains and spaces: what they draw, list and refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clew.errors import ClewError, InvalidParameter
from clew.select import (
    SearchSpace,
    choice,
    equiwidth,
    exponential,
    integer,
    optimize,
    ordered,
    real,
    when,
)

DOMAINS = [
    choice("a", "b", None),
    ordered(1, 3, 10),
    real(-2, 5),
    real(1e-4, 10, log=True),
    integer(-3, 9),
    integer(1, 1000, log=True),
    equiwidth(0, 1, 5),
    exponential(1e-3, 1e3),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 1))
def test_what_a_domain_gives_lies_within_it(domain, seed, scale) -> None:
    rng = np.random.default_rng(seed)
    value = domain.draw(rng)
    assert value in domain
    assert domain.neighbour(value, rng, scale) in domain
    unit = domain.to_unit(value)
    assert 0 <= unit <= 1
    back = domain.from_unit(unit)
    assert back in domain
    if isinstance(value, float):
        assert math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-12)
    else:
        assert back == value
    assert all(each in domain for each in domain.levels(4))


@pytest.mark.parametrize("domain", DOMAINS[2:6], ids=str)
def test_the_bounds_are_in_and_what_lies_beyond_is_not(domain) -> None:
    assert domain.low in domain
    assert domain.high in domain
    assert domain.high * 2 + 1 not in domain
    assert "1" not in domain
    assert math.nan not in domain


def test_a_log_scale_draws_each_order_of_magnitude_as_often() -> None:
    rng = np.random.default_rng(0)
    drawn = np.log10([real(1e-3, 1e3, log=True).draw(rng) for _ in range(4000)])
    assert stats.kstest(drawn, stats.uniform(-3, 6).cdf).pvalue > 0.01


def test_the_ends_of_an_integer_are_as_likely_as_its_middle() -> None:
    rng = np.random.default_rng(0)
    drawn = np.bincount([integer(0, 4).draw(rng) for _ in range(5000)])
    assert stats.chisquare(drawn).pvalue > 0.01


def test_exponential_and_equal_width_values_are_what_a_person_writes() -> None:
    assert exponential(1e-5, 1e-1).levels(99) == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    assert exponential(1, 64, base=2).levels(99) == [1, 2, 4, 8, 16, 32, 64]
    assert equiwidth(0, 1, 5).levels(99) == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: real(2, 1),
        lambda: real(0, 1, log=True),
        lambda: real(0, math.inf),
        lambda: integer(0.5, 2),
        lambda: integer(0, 9, log=True),
        lambda: choice(),
        lambda: exponential(1, 10, base=1),
        lambda: SearchSpace({"b": when("a", 1, real(0, 1))}),
        lambda: SearchSpace([("a", 1)]),
        lambda: SearchSpace({"a": object()}),
    ],
)
def test_what_is_no_domain_is_refused(make) -> None:
    with pytest.raises(ClewError):
        make()


def conditional() -> SearchSpace:
    return SearchSpace(
        {
            "model": choice("svm", "forest"),
            "C": when("model", "svm", real(0.01, 100, log=True)),
            "kernel": when("model", "svm", choice("rbf", "linear")),
            "gamma": when("kernel", "rbf", real(1e-4, 1, log=True)),
            "trees": when("model", "forest", integer(10, 500)),
        },
        rules=[lambda c: not (c.get("kernel") == "linear" and c["C"] > 50)],
    )


@given(seed=st.integers(0, 2**32 - 1))
def test_conditions_and_rules_hold_for_what_is_drawn_and_changed(seed) -> None:
    space, rng = conditional(), np.random.default_rng(seed)
    one = space.draw(rng)
    for found in (one, space.neighbour(one, rng, 0.2, changes=2)):
        space.check(found)
        assert ("C" in found) == (found["model"] == "svm")
        assert ("gamma" in found) == (found.get("kernel") == "rbf")
        assert ("trees" in found) == (found["model"] == "forest")
        assert space.allowed(found)


def test_a_configuration_of_another_space_is_refused() -> None:
    space = conditional()
    for wrong in (
        {"model": "svm"},
        {"model": "forest", "trees": 5},
        {"model": "forest", "trees": 50, "C": 1.0},
        {"model": "svm", "C": 90.0, "kernel": "linear"},
    ):
        with pytest.raises(InvalidParameter):
            space.check(wrong)


def test_a_grid_of_dependent_domains_has_each_combination_once() -> None:
    space = SearchSpace(
        {"a": choice(1, 2), "b": when("a", 1, integer(0, 2)), "c": when("a", 2, choice("x", "y"))}
    )
    grid = list(space.grid(levels=3))
    assert len(grid) == 5
    assert len({tuple(sorted(each.items())) for each in grid}) == 5
    seen: list[dict] = []
    optimize(lambda t: seen.append(dict(t)) or 0.0, space=space, sampler="grid")
    assert sorted(map(str, seen)) == sorted(map(str, grid))


def test_a_list_of_spaces_is_a_choice_between_them() -> None:
    spaces = [
        {"model": choice("a"), "C": real(0, 1)},
        {"model": choice("b"), "depth": integer(1, 9)},
    ]
    study = optimize(lambda t: t.get("C", t.get("depth", 0)), 30, space=spaces, sampler="random")
    assert {frozenset(t.configuration) for t in study.trials} == {
        frozenset({"model", "C"}),
        frozenset({"model", "depth"}),
    }


def test_lists_and_distributions_of_scikit_learn_are_domains() -> None:
    space = {"C": stats.loguniform(1e-2, 1e2), "penalty": ["l1", "l2"], "n": stats.randint(1, 5)}
    study = optimize(lambda t: t["C"] * t["n"], 20, space=space, sampler="random")
    assert all(0.01 <= t.configuration["C"] <= 100 for t in study.trials)
    assert {t.configuration["penalty"] for t in study.trials} == {"l1", "l2"}
