"""Faults that were put into splits of Adult by a published seed: which of them are found.

Ten leakages, ten shifts of one column, ten over-fitted models; and a hundred clean splits with an
honest model, where any alarm is a false one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.adult import load
from bench.figure import Figure
from clew.debug.problems import find_problems

SEED, ROWS, ALPHA = 20_261_126, 4_000, 0.01
TARGET = "income"


def figures(quick: bool) -> Iterator[Figure]:
    splits = 10 if quick else 100
    found = sum(fault(number) for number in range(30))
    yield Figure("problems.found", found, "count", found, 30, "faults put in")
    alarms = sum(bool(clean(number)) for number in range(splits))
    yield Figure("problems.false_alarms", alarms * 100 / splits, "count", alarms, splits, "splits")


def halves(random: np.random.Generator) -> tuple[Any, Any]:
    """Return two parts of Adult, drawn alike."""
    X, y = load()
    X = X.drop(columns=["row-id", "split"], errors="ignore").assign(**{TARGET: y})
    drawn = X.iloc[random.choice(len(X), 2 * ROWS, replace=False)].reset_index(drop=True)
    return drawn[:ROWS].copy(), drawn[ROWS:].reset_index(drop=True).copy()


def fault(number: int) -> bool:
    """Put a fault in; tell whether it is found, and in the right column."""
    random = np.random.default_rng([SEED, number])
    train, test = halves(random)
    kind = ("leakage", "shift", "over-fit")[number // 10]
    if kind == "over-fit":
        scored = overfitted(random, train, test)
        problems = find_problems(train, test, target=TARGET, scored=scored, alpha=ALPHA)
        return any(one.kind == kind for one in problems)
    inject = leak if kind == "leakage" else shifted
    expected, column, options = inject(random, number % 10, train, test)
    problems = find_problems(train, test, target=TARGET, alpha=ALPHA, **options)
    return any(one.kind == expected and (not column or column in one.columns) for one in problems)


def leak(
    random: np.random.Generator, number: int, train: Any, test: Any
) -> tuple[str, str, dict[str, Any]]:
    """Put a leak in: a feature made of the target, of a later one, rows or groups on both sides."""
    sides = (train, test)
    if number in (0, 1):  # The target under another name, with a few mistakes.
        for side in sides:
            wrong = random.random(len(side)) < 0.01 * number
            side["approved"] = np.where(wrong ^ (side[TARGET] == 1), "yes", "no")
        return "leakage", "approved", {}
    if number in (2, 3):  # A number that follows from it.
        for side in sides:
            noise = random.normal(0, 0.1 * (number - 1), len(side))
            side["paid"] = side[TARGET] * 2.0 + noise
        return "leakage", "paid", {}
    if number in (4, 5):  # What is known only later: the target of a following row.
        later = number - 3
        for at, side in enumerate(sides):
            side["day"] = np.arange(len(side)) + at * ROWS
            side["last"] = side[TARGET].shift(-later, fill_value=0)
        return "leakage", "last", {"time": "day"}
    if number in (6, 7):  # Rows on both sides.
        count = (100, 300)[number - 6]
        copied = train.iloc[random.choice(ROWS, count, replace=False)]
        for name in test.columns:
            test.loc[: count - 1, name] = copied[name].to_numpy()
        return "duplicates", "", {}
    people = random.integers(0, ROWS // 2, 2 * ROWS) if number == 8 else np.arange(2 * ROWS)
    people[-1] = people[0]
    train["person"], test["person"] = people[:ROWS], people[ROWS:]
    return "groups", "person", {"groups": "person"}


def shifted(
    random: np.random.Generator, number: int, train: Any, test: Any
) -> tuple[str, str, dict[str, Any]]:
    """Shift one column of the test: moved, stretched, rounded, recoded, or rows selected."""
    column = ("age", "hours-per-week", "fnlwgt", "education-num", "age")[number % 5]
    if number < 3:
        test[column] = test[column] + train[column].std() * 0.2
    elif number < 5:
        middle = test[column].mean()
        test[column] = middle + (test[column] - middle) * 1.5
    elif number == 5:
        column = "hours-per-week"
        test[column] = (test[column] / 10).round() * 10
    elif number in (6, 7):
        column = ("workclass", "occupation")[number - 6]
        common = test[column].mode()[0]
        change = (test[column] == common) & (random.random(len(test)) < 0.2)
        test.loc[change, column] = train[column].value_counts().index[3]
    elif number == 8:
        column = "native-country"
        test.loc[random.random(len(test)) < 0.05, column] = None
    else:
        column = "sex"
        women = test[test[column] == "Female"].index
        test.drop(random.choice(women, len(women) // 4, replace=False), inplace=True)
        test.reset_index(drop=True, inplace=True)
    return "shift", column, {}


def overfitted(random: np.random.Generator, train: Any, test: Any) -> tuple[Any, Any]:
    """Return where a model is right that was grown to know its rows by heart."""
    from sklearn.tree import DecisionTreeClassifier

    names = ["age", "fnlwgt", "education-num", "hours-per-week", "capital-gain"]
    model = DecisionTreeClassifier(
        max_depth=int(random.integers(16, 40)), random_state=int(random.integers(1000))
    ).fit(train[names], train[TARGET])
    return tuple((model.predict(side[names]) == side[TARGET]).to_numpy() for side in (train, test))


def clean(number: int) -> tuple[Any, ...]:
    """Return what is told of a clean split and an honest model."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, test = halves(np.random.default_rng([SEED, 1000 + number]))
    names = ["age", "education-num", "hours-per-week", "capital-gain"]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[names], train[TARGET])
    right = [(model.predict(side[names]) == side[TARGET]).to_numpy() for side in (train, test)]
    return find_problems(train, test, target=TARGET, scored=(right[0], right[1]), alpha=ALPHA)
