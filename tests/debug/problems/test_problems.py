"""Seeded faults are found in the column that carries them; clean splits are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clew.debug.problems import find_problems
from clew.debug.problems.shift import stability
from clew.errors import InvalidParameter


def split(seed: int = 0, rows: int = 2000) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(seed)
    sides = []
    for at in range(2):
        x = random.normal(size=rows)
        sides.append(
            pd.DataFrame(
                {
                    "x": x,
                    "kind": random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
                    "gap": np.where(random.random(rows) < 0.1, np.nan, random.normal(size=rows)),
                    "y": (x + random.normal(size=rows) > 0).astype(int),
                    "day": np.arange(rows) + at * rows,
                    "who": np.arange(rows) + at * rows,
                }
            )
        )
    return sides[0], sides[1]


def told(train: pd.DataFrame, test: pd.DataFrame, **options: object) -> list[tuple[str, ...]]:
    options = {"target": "y", "time": "day", "groups": "who"} | options
    found = find_problems(train, test, **options)  # type: ignore[arg-type]
    return [(one.kind, *one.columns) for one in found]


def test_a_clean_split_is_left_alone() -> None:
    alarms = sum(bool(told(*split(seed))) for seed in range(20))
    assert alarms <= 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda side, at: side.assign(copy=side["y"].map({0: "no", 1: "yes"})),
            ("leakage", "copy"),
        ),
        (lambda side, at: side.assign(sum=side["y"] + side["x"] * 1e-3), ("leakage", "sum")),
        (lambda side, at: side.assign(last=side["y"].shift(-1, fill_value=0)), ("leakage", "last")),
        (lambda side, at: side.assign(x=side["x"] + 0.3 * at), ("shift", "x")),
        (lambda side, at: side.assign(x=side["x"] * (1 + at)), ("shift", "x")),
        (
            lambda side, at: side.assign(
                kind=side["kind"].where(side["x"] < 1, "d") if at else side["kind"]
            ),
            ("shift", "kind"),
        ),
        (lambda side, at: side.assign(who=side["who"] % 1999), ("groups", "who")),
        (lambda side, at: side.assign(day=side["day"] - 1 * at), ("time", "day")),
    ],
)
def test_a_fault_is_found_in_its_column(change, expected: tuple[str, ...]) -> None:
    train, test = (change(side, at) for at, side in enumerate(split(1)))
    assert told(train, test) == [expected]


def test_rows_on_both_sides_are_found_and_natural_twins_are_not() -> None:
    train, test = split(2)
    test.iloc[:60, :4] = train.iloc[:60, :4]
    assert told(train, test) == [("duplicates",)]
    random = np.random.default_rng(0)
    sides = [pd.DataFrame(random.integers(0, 6, (500, 3)), columns=list("abc")) for _ in range(2)]
    assert find_problems(*sides) == ()


def test_an_overfitted_model_is_told_from_an_honest_one() -> None:
    train, test = split(3)
    random = np.random.default_rng(0)

    def said(seen: float, new: float) -> list[tuple[str, ...]]:
        return told(train, test, scored=(random.random(2000) < seen, random.random(2000) < new))

    assert said(0.99, 0.8) == [("over-fit",)]
    assert said(0.85, 0.84) == []


def test_a_rare_class_is_told() -> None:
    train, test = split(4)
    sides = [side.assign(y=(np.arange(2000) % 500 == 0).astype(int)) for side in (train, test)]
    assert ("imbalance", "y") in told(*sides)


def test_targets_may_be_numbers() -> None:
    train, test = (side.assign(y=side["x"] * 3 + 1) for side in split(5))
    assert told(train, test) == [("leakage", "x")]


def test_stability_is_nothing_for_equal_shares() -> None:
    assert stability(np.array([[10, 20], [5, 10]])) == pytest.approx(0)
    assert stability(np.array([[10, 20], [20, 10]])) > 0.2


def test_what_does_not_fit_is_refused() -> None:
    train, test = split()
    for wrong in (
        {"test": test.drop(columns="x")},
        {"target": "no"},
        {"test": test[:0]},
        {"scored": ([], [])},
    ):
        with pytest.raises(InvalidParameter):
            find_problems(**({"train": train, "test": test} | wrong))
