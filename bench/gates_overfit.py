"""The lecture's best model on Adult, 90.48 % on its own training rows, before a gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.adult import load
from bench.figure import Figure
from clew.debug.gates import Adaptivity, Gate, Rows, Verdict, judge

OVERFIT = "training_accuracy(new) - accuracy(new) < 0.03 +/- 0.01"
GATE = Gate(
    ("n - o > 0 +/- 0.01", OVERFIT),
    name="adult",
    reliability=0.99,
    adaptivity=Adaptivity(2, "full"),
    disagreement=0.12,
)
TRAIN = 32_561
BINS = 10_000


def refused() -> Figure:
    """Whether the gate refuses it, says why, and lets the model pass that is better."""
    X, y = load()
    X = X.drop(columns=["row-id", "split"], errors="ignore")
    train, test = slice(0, TRAIN), slice(TRAIN, None)
    models = {
        "old": linear(X, 10, 0.1).fit(X[train], y[train]),
        "lecture": linear(X, BINS, 100.0).fit(X[train], y[train]),
        "good": boosted(X).fit(X[train], y[train]),
    }
    said = {name: model.predict(X[test]) for name, model in models.items()}
    score = {
        name: float((model.predict(X[train]) == y[train]).mean()) for name, model in models.items()
    }
    labels = {str(row): label for row, label in enumerate(y[test])}

    def verdict(name: str) -> Verdict:
        rows = Rows([str(row) for row in range(len(y[test]))], said[name], said["old"])
        return judge(GATE, rows, labels, facts={"training_accuracy(new)": score[name]})

    lecture, good = verdict("lecture"), verdict("good")
    why = {finding.clause: finding.outcome for finding in lecture.findings}
    is_right = lecture.outcome == "FAIL" and why[OVERFIT] == "FAIL" and good.outcome == "PASS"
    best_on_training = score["lecture"] > max(score["old"], score["good"])
    held_out = float(np.mean(said["lecture"] == y[test]))
    return Figure(
        "gates.overfit_refused",
        float(is_right and best_on_training),
        "count",
        held_out,
        score["lecture"],
        "its training score",
    )


def linear(X: Any, bins: int, strength: float) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder

    numbers, words = columns(X)
    binned = KBinsDiscretizer(bins, encode="onehot", strategy="uniform", subsample=None)
    return make_pipeline(
        make_column_transformer((binned, numbers), (OneHotEncoder(handle_unknown="ignore"), words)),
        LogisticRegression(C=strength, solver="liblinear", max_iter=300),
    )


def boosted(X: Any) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    numbers, words = columns(X)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer(("passthrough", numbers), (encoder, words)),
        HistGradientBoostingClassifier(random_state=0),
    )


def columns(X: Any) -> tuple[list[str], list[str]]:
    numbers = [name for name in X.columns if X[name].dtype.kind in "if"]
    return numbers, [name for name in X.columns if name not in numbers]
