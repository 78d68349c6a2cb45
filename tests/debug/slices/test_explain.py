"""Explanation tables: right about each rule, better with each, and better than a tree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.data import adult
from clew.debug.slices import coded, explanation_table, index
from clew.debug.slices.explain import _scaled
from clew.errors import InvalidParameter


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), rows=st.integers(2, 200), rules=st.integers(1, 6))
def test_each_rule_teaches_and_says_what_is_so(seed: int, rows: int, rules: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 3, (rows, 3))
    outcome = (random.random(rows) < 0.2 + 0.6 * (codes[:, 0] == 1)).astype(int)
    found = explanation_table(coded(codes, ["a", "b", "c"]), outcome, rules=rules, seed=seed)
    assert 1 <= len(found.rules) <= rules
    assert found.rules[0].where == ()
    assert found.divergence >= 0
    for rule in found.rules[1:]:
        inside = np.ones(rows, dtype=bool)
        for value in rule.where:
            inside &= codes[:, "abc".index(value.column)] == int(value.text)
        assert (rule.rows, rule.mean) == (inside.sum(), pytest.approx(outcome[inside].mean()))
        assert rule.gain > -1e-9


@given(seed=st.integers(0, 10_000), rules=st.integers(1, 5))
def test_estimates_are_right_about_every_rule(seed: int, rules: int) -> None:
    random = np.random.default_rng(seed)
    members = np.column_stack([np.ones(300, bool), random.random((300, rules)) < 0.4])
    seen = (random.random(300) < 0.3 + 0.3 * members[:, 1]).astype(float)
    estimate = _scaled(members, seen)
    for rule in members.T:
        assert estimate[rule].sum() == pytest.approx(seen[rule].sum(), abs=1e-3)


def test_a_rule_without_any_outcome_is_learned() -> None:
    codes = np.array([[0], [1]] * 50)
    found = explanation_table(coded(codes, ["a"]), codes[:, 0], rules=3)
    assert found.divergence < 1e-6


def test_ranges_of_numbers_are_rules() -> None:
    values = np.arange(1000) % 100
    found = explanation_table({"x": values}, values >= 40, rules=2)
    assert str(found.rules[1]) in ("x>=40", "x<40")
    assert found.divergence < 1e-3


def test_ten_rules_leave_less_than_a_tree_of_ten_leaves() -> None:
    from sklearn.metrics import log_loss
    from sklearn.tree import DecisionTreeClassifier

    frame = pd.read_parquet(adult.path())[:6000]
    X, y = frame.drop(columns=["row_id", "income", "split"]), frame["income"].str.startswith(">50K")
    inputs = pd.get_dummies(X)
    tree = DecisionTreeClassifier(max_leaf_nodes=10, criterion="log_loss", random_state=0)
    left = log_loss(y, tree.fit(inputs, y).predict_proba(inputs))
    assert explanation_table(index(X), y).divergence < left


@pytest.mark.parametrize("outcome", [[0, 2], [0], [0.5, 1]])
def test_outcomes_are_zero_or_one(outcome: list[float]) -> None:
    with pytest.raises(InvalidParameter, match="0 or 1"):
        explanation_table({"a": np.array([0, 1])}, np.array(outcome))
    with pytest.raises(InvalidParameter, match="predicates"):
        explanation_table({"a": np.array([0, 1])}, np.array([0, 1]), predicates=0)
