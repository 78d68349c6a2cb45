"""Labels from weak votes: clew's label model and Snorkel's, on the same label matrices.

Neither sees a label or a setting tuned for the table. Snorkel runs with 100 epochs (its default)
and with 500, in a process of its own (`bench.labels_snorkel`). Times are CPU seconds on one thread
of fits of 100,000 and a million rows by 20 functions; the ratio is to Snorkel's default.
Needs the tables `weak_labels` of the shared data.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench import labels_snorkel
from bench.data import beside
from bench.figure import Figure

TABLES = {"youtube": 2, "hausa": 5, "yoruba": 7}
FUNCTIONS = 20
SAME = 0.003


def figures(quick: bool) -> Iterator[Figure]:
    for name, classes in TABLES.items():
        yield scored(name, classes)
    yield fitted("labels.fit100k", 100_000, 3 if quick else 7)
    if not quick:
        yield fitted("labels.fit1m", 1_000_000, 3)


def scored(name: str, classes: int) -> Figure:
    """F1 on the test rows (of spam; the classes' mean where there are more), less Snorkel's."""
    from clew.label import LabelModel

    train, _ = read(name, "train")
    test, y = read(name, "test")
    theirs = max(
        f1(y, each["predicted"], classes) for each in labels_snorkel.ask(train, test, classes)
    )
    shares = LabelModel(classes).fit(train).predict_proba(test)
    ours = f1(y, shares.argmax(axis=1), classes)
    return Figure(
        f"labels.{name}", ours - theirs, "difference", ours, theirs, "snorkel, the better"
    )


def fitted(figure: str, rows: int, repeats: int) -> Figure:
    """CPU time of Snorkel's fit to clew's, accuracy being the same."""
    from clew.label import LabelModel

    votes, y = drawn(rows)
    LabelModel().fit(votes[:1_000])
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        model = LabelModel().fit(votes)
        taken.append(time.process_time() - started)
    ours = float((model.predict_proba(votes).argmax(axis=1) == y).mean())
    theirs = labels_snorkel.ask(votes, votes, 2, repeats)
    scores = [float((each["predicted"] == y).mean()) for each in theirs]
    peer = theirs[0]["cpu_s"]
    agrees = ours >= max(scores) - SAME
    name = f"snorkel {theirs[0]['version']}, {theirs[0]['epochs']} epochs"
    return Figure(figure, peer / min(taken), "ratio", min(taken), peer, name, agrees)


def read(name: str, part: str) -> tuple[Any, Any]:
    """Return the label matrix and the true classes of a part of a table."""
    rows = json.loads(beside("weak_labels", name, f"{part}.json").read_text()).values()
    votes = [
        ast.literal_eval(row["weak_labels"])
        if isinstance(row["weak_labels"], str)
        else row["weak_labels"]
        for row in rows
    ]
    return np.array(votes), np.array([int(row["label"]) for row in rows])


def drawn(rows: int, seed: int = 0) -> tuple[Any, Any]:
    """Draw votes of 20 functions, right in 55 to 85 % of those 10 to 50 % that they vote on."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, rows)
    right, covers = random.uniform(0.55, 0.85, FUNCTIONS), random.uniform(0.1, 0.5, FUNCTIONS)
    votes = np.full((rows, FUNCTIONS), -1, dtype=np.int8)
    for column in range(FUNCTIONS):
        said = np.where(random.random(rows) < right[column], y, 1 - y)
        votes[:, column] = np.where(random.random(rows) < covers[column], said, -1)
    return votes, y


def f1(y: Any, predicted: Any, classes: int) -> float:
    """F1 of class 1 of two, or the mean over more."""
    scores = []
    for c in range(classes) if classes > 2 else (1,):
        hits = int(((predicted == c) & (y == c)).sum())
        said = int((predicted == c).sum() + (y == c).sum())
        scores.append(2 * hits / said if said else 0.0)
    return float(np.mean(scores))
