"""Labels that were changed are found, and sides that differ only together are told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from clew.debug.problems.domain import told_apart
from clew.debug.problems.labels import label_errors
from clew.errors import InvalidParameter


def test_changed_labels_come_first() -> None:
    X, y = load_digits(n_class=4, return_X_y=True)
    random = np.random.default_rng(0)
    changed = random.choice(len(y), 36, replace=False)
    labels = y.copy()
    labels[changed] = (y[changed] + random.integers(1, 4, 36)) % 4
    model = LogisticRegression(max_iter=200, C=0.01)
    chances = cross_val_predict(model, X / 16, labels, cv=3, method="predict_proba")
    found = label_errors(labels, chances)
    suspected = {one.row for one in found.errors}
    assert len(suspected & set(changed.tolist())) >= 27
    assert len(suspected - set(changed.tolist())) <= 8
    assert found.share == pytest.approx(36 / len(y), abs=0.02)
    right = [
        one.suggested == y[one.row] for one in found.errors if one.row in set(changed.tolist())
    ]
    assert np.mean(right) > 0.9
    assert found.joint.sum() == pytest.approx(1)


def test_labels_that_fit_are_not_suspected() -> None:
    labels = np.array([0, 1, 0, 1])
    found = label_errors(labels, np.eye(2)[labels] * 0.8 + 0.1)
    assert (found.errors, found.share) == ((), 0)
    with pytest.raises(InvalidParameter, match="row of probabilities"):
        label_errors(labels, np.ones((3, 2)))
    with pytest.raises(InvalidParameter, match="columns of the probabilities"):
        label_errors(labels + 2, np.ones((4, 2)))


def test_sides_that_differ_only_in_how_columns_go_together() -> None:
    random = np.random.default_rng(0)

    def side(sign: int) -> pd.DataFrame:
        a = random.normal(size=1500)
        b = sign * a + random.normal(0, 0.5, 1500)
        return pd.DataFrame({"a": a, "b": b, "kind": random.choice(["x", "y"], 1500)})

    left, right = side(1), side(-1)
    found = told_apart(left, right)
    assert found.area > 0.8
    assert found.p_value < 1e-6
    assert {name for name, _ in found.columns} == {"a", "b"}
    same = told_apart(left[:700], left[700:].reset_index(drop=True))
    assert same.p_value > 0.01
    with pytest.raises(InvalidParameter, match="the same columns"):
        told_apart(left, right[["a"]])
    with pytest.raises(InvalidParameter, match="rows of a side"):
        told_apart(left, right[:9])
