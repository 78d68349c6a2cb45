"""Two models row by row: flips, and the groups that gained and lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clew.debug import compare
from clew.errors import InvalidParameter


def test_flips_and_the_groups_they_lie_in() -> None:
    random = np.random.default_rng(0)
    n = 4000
    rows = pd.DataFrame({"kind": random.choice(list("abcd"), n), "noise": random.normal(size=n)})
    truth = random.integers(0, 2, n)
    old = np.where(random.random(n) < 0.8, truth, 1 - truth)
    new = old.copy()
    mended, broken = (rows["kind"] == "a").to_numpy(), (rows["kind"] == "b").to_numpy()
    new[mended] = truth[mended]
    slipped = broken & (random.random(n) < 0.1)
    new[slipped] = 1 - truth[slipped]
    found = compare(rows, truth, old, new)
    right = (new == truth).mean() - (old == truth).mean()
    assert found.gain == pytest.approx(right)
    assert found.low < right < found.high
    assert found.won == (mended & (old != truth)).sum()
    assert found.lost == (slipped & (old == truth)).sum()
    assert found.won + found.lost + found.changed + found.same == n
    assert found.p_value < 1e-9
    assert str(found.gained[0]) == "kind=a"
    assert found.gained[0].low > 0
    assert all("kind=b" in str(one) for one in found.slipped)
    assert found.slipped[0].high < 0
    assert [one.kind for one in found.flips] == ["lost"] * found.lost + ["won"] * found.won
    first = found.flips[0]
    assert (first.old, first.new) == (old[first.row], new[first.row])


def test_numbers_by_their_absolute_error() -> None:
    truth = np.arange(10.0)
    found = compare(
        {"x": np.arange(10)}, truth, truth + 2, truth - 1, ids=list("abcdefghij"), numbers=True
    )
    assert (found.gain, found.won, found.lost) == (1, 10, 0)
    assert found.flips[0].row == "a"


def test_equal_models_and_texts() -> None:
    said = np.array(["1", "0", "1"])
    found = compare({"x": [1, 2, 3]}, np.array([1, 0, 0]), said, said.astype(float))
    assert (found.same, found.flips, found.p_value) == (3, (), 1.0)
    with pytest.raises(InvalidParameter, match="for each row"):
        compare({"x": [1]}, [1], [1, 2], [1])


def test_groups_by_luck_are_not_told_as_sure() -> None:
    random = np.random.default_rng(3)
    alarms = 0
    for _ in range(20):
        rows = pd.DataFrame({f"c{at}": random.integers(0, 4, 600) for at in range(6)})
        truth = random.integers(0, 2, 600)
        old, new = (np.where(random.random(600) < 0.8, truth, 1 - truth) for _ in range(2))
        found = compare(rows, truth, old, new)
        alarms += any(one.low > 0 for one in found.gained)
        alarms += any(one.high < 0 for one in found.slipped)
    assert alarms <= 4
