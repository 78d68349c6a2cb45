"""Reports on five models of Adult, whole: each against the first, on training and test rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bench.adult import load
from bench.figure import Figure
from bench.gates_overfit import TRAIN, boosted, linear
from clew.debug.reports import reports

_PLAIN = 2_000


def figures(quick: bool) -> Iterator[Figure]:
    X, y = load()
    X = X.drop(columns=["row-id", "split"], errors="ignore")
    count, train = len(X), TRAIN
    if quick:
        count, train = 2 * _PLAIN, _PLAIN
    X, y = X[:count], y[:count]
    models = models_of(X)
    for model in models.values():
        model.fit(X[:train], y[:train])
    rows = X.assign(income=y)
    data = {"train": rows[:train], "test": rows[train:].reset_index(drop=True)}
    started = time.perf_counter()
    found = reports(models, data, target="income", champion="linear")
    texts = [one.json() + one.html() + one.markdown() for one in found.values()]
    spent_s = time.perf_counter() - started
    whole = all(len(text) > _PLAIN for text in texts) and len(texts) == len(models)
    agrees = whole and all(same(found[name].document, models[name], data) for name in models)
    yield Figure("report.seconds", spent_s, "s", spent_s, None, None, agrees)


def models_of(X: Any) -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    def with_last(model: Any) -> Any:
        pipeline = boosted(X)
        pipeline.steps[-1] = ("model", model)
        return pipeline

    return {
        "linear": linear(X, 10, 0.1),
        "fine": linear(X, 50, 1.0),
        "boosted": boosted(X),
        "tree": with_last(DecisionTreeClassifier(max_depth=8, random_state=0)),
        "forest": with_last(RandomForestClassifier(50, min_samples_leaf=3, random_state=0)),
    }


def same(document: dict[str, Any], model: Any, data: dict[str, Any]) -> bool:
    """Tell whether a report's figures are scikit-learn's."""
    from sklearn.metrics import f1_score, roc_auc_score

    test = data["test"].drop(columns="income")
    truth, said = data["test"]["income"], model.predict(test)
    scores = document["scores"]["test"]
    wanted = {
        "f1_macro": f1_score(truth, said, average="macro"),
        "roc_auc": roc_auc_score(truth, model.predict_proba(test)[:, 1]),
    }
    return all(abs(scores[name]["value"] - value) < 1e-9 for name, value in wanted.items())
