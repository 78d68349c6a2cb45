"""Windows of Adult with faults put in by a published seed, and clean ones.

A linear model is fitted on 8,000 rows; 1,000 further rows are its first window. Twenty windows of
1,000 have a fault: a number is measured otherwise, a value is named otherwise, a tenth is missing,
other people are asked, or the model is wrong twice as often, of which half of the labels come. Of a
hundred clean windows any alert is a false one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bench.adult import load
from bench.figure import Figure
from clew.debug.monitor import Alert, Reference, Window, watch

SEED, FITTED, ROWS = 20_261_126, 8_000, 1_000
NUMBERS = ["age", "education-num", "hours-per-week"]
NAMES = ["workclass", "education", "marital-status", "occupation"]


def figures(quick: bool) -> Iterator[Figure]:
    clean, faults = (20 if quick else 100), 20
    found = sum(fault(number) for number in range(faults))
    yield Figure("monitor.found", found, "count", found, faults, "faults put in")
    alarms = sum(bool(watched(*drawn(number)[:2])) for number in range(1000, 1000 + clean))
    yield Figure("monitor.false_alarms", alarms * 100 / clean, "count", alarms, clean, "windows")


def watched(reference: Reference, window: Window) -> tuple[Alert, ...]:
    """Judge a window as `clew monitor` does."""
    return watch(reference, window)


def drawn(number: int) -> tuple[Reference, Window, np.random.Generator]:
    """Return a reference and a window that are drawn alike, with a linear model's answers."""
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng([SEED, number])
    X, y = load()
    truth = np.asarray(y)
    at = random.choice(len(X), FITTED + 2 * ROWS, replace=False)
    rows = X[NUMBERS + NAMES].iloc[at].reset_index(drop=True)
    truth = truth[at]
    model = LogisticRegression(max_iter=500).fit(rows[NUMBERS][:FITTED], truth[:FITTED])
    answers = model.predict(rows[NUMBERS])
    wrong = (answers != truth).astype(float)
    first, last = slice(FITTED, FITTED + ROWS), slice(FITTED + ROWS, None)
    reference = Reference(rows[:FITTED], answers[first].tolist(), wrong[first].tolist())
    window = Window(rows[last].reset_index(drop=True), answers[last].tolist(), wrong[last].tolist())
    return reference, window, random


def fault(number: int) -> bool:
    """Put a fault into a window; tell whether it is found, and in the right column."""
    reference, window, random = drawn(number)
    rows: pd.DataFrame = window.rows.copy()
    errors: Any = list(window.errors)
    kind, column = "drift", ""
    which = number % 5
    if which == 0:
        column = NUMBERS[number // 5 % 3]
        rows[column] = rows[column] + 0.3 * rows[column].std()
    elif which == 1:
        column = NAMES[number // 5]
        common = rows[column].mode()[0]
        rows[column] = rows[column].astype(object).where(rows[column] != common, f"{common}.")
    elif which == 2:
        column = NUMBERS[number // 5 % 3]
        rows[column] = rows[column].astype(float).where(random.random(ROWS) >= 0.1)
    elif which == 3:
        column = NUMBERS[number // 5 % 3]
        chance = rows[column].rank(pct=True) ** 0.5
        rows = rows.sample(ROWS, replace=True, weights=chance, random_state=number)
    else:
        kind = "quality"
        wrong = np.asarray(errors)
        flipped = random.random(ROWS) < wrong.mean()
        errors = np.where(flipped, 1.0, wrong)[random.permutation(ROWS)[: ROWS // 2]].tolist()
    told = watched(reference, Window(rows, window.answers, errors))
    return any(one.kind == kind and (not column or column in one.columns) for one in told)
