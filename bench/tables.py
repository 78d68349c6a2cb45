"""An explanation table of Adult, ten rules, against a decision tree of ten leaves.

What is left of the outcome, the mean divergence of the target from the estimates, in nats a row.
The tree sees all numbers and all values as they are, and is grown for the same measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from bench.adult import load
from bench.figure import Figure
from clew.debug.slices import explanation_table

TRAIN, RULES = 32_561, 10


def figures(quick: bool) -> Iterator[Figure]:
    yield ratio()


def ratio() -> Figure:
    """What a table leaves, to what the better of two trees leaves."""
    import pandas as pd
    from sklearn.metrics import log_loss
    from sklearn.tree import DecisionTreeClassifier

    X, y = load(TRAIN)
    X = X.drop(columns=["row-id", "split"], errors="ignore")
    numbers = X.copy()
    for name in X.columns:
        if X[name].dtype.kind not in "if":
            numbers[name] = X[name].astype("category").cat.codes
    left = []
    for inputs in (numbers, pd.get_dummies(X)):
        tree = DecisionTreeClassifier(max_leaf_nodes=RULES, criterion="log_loss", random_state=0)
        left.append(log_loss(y, tree.fit(inputs, y).predict_proba(inputs)))
    table = explanation_table(X, y, rules=RULES)
    peer = f"decision tree, scikit-learn {version('scikit-learn')}"
    whole = len(table.rules) == RULES
    value = table.divergence / min(left)
    return Figure("tables.kl_ratio", value, "ratio", table.divergence, min(left), peer, whole)
