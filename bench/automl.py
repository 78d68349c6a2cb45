"""Automated machine learning on Adult, beside FLAML, and its budget on a busy machine.

FLAML (`pip install flaml`) is measured where it is installed. The test rows are scored once a run.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench import adult
from bench.data import beside
from bench.figure import Figure
from bench.place import fresh_store

_GAP = 0.02


def figures(quick: bool) -> Iterator[Figure]:
    yield from adult_auc(20 if quick else 60, 1 if quick else 3, first=True)
    yield overrun(15 if quick else 60)
    if not quick:
        yield from adult_auc(180, 3, first=False)


def adult_auc(budget_s: int, seeds: int, *, first: bool) -> Iterator[Figure]:
    """Area under the curve on Adult's own test rows: the median of some seeds, beside FLAML's."""
    from clew.select.automl.study import AutoML

    X, y = part("adult.data")
    X_test, y_test = part("adult.test")
    mine, theirs, starts, gaps = [], [], [], []
    for seed in range(seeds):
        told: list[Any] = []
        study = AutoML(budget_s, seed=seed, progress=told.append).fit(X, y)
        mine.append(study.evaluate(X_test, y_test))
        starts.append(study.first_model_s_)
        gaps.append(study.score_ - study.quick_score_)
        theirs.append(flaml(X, y, X_test, y_test, budget_s, seed))
    known = [score for score in theirs if score is not None]
    yield Figure(
        f"automl.adult{budget_s}_auc",
        statistics.median(mine),
        "AUC",
        clew=statistics.median(mine),
        peer=statistics.median(known) if known else None,
        peer_name=f"FLAML, paired: {[round(s, 4) for s in mine]}, {known}" if known else None,
        agrees=all(a >= b for a, b in zip(mine, known, strict=False)),
    )
    if first:
        yield Figure(
            "automl.first_model_s",
            statistics.median(starts),
            "s",
            peer_name=f"points of AUC behind the last model: {max(gaps) * 100:.1f}",
            agrees=max(gaps) <= _GAP,
        )


def overrun(budget_s: int) -> Figure:
    """Share by which the budget is overrun, two processes computing beside it without a rest.

    All is counted, the storing of the model included.
    """
    import clew

    X, y = part("adult.data")
    stop = time.time() + budget_s * 2
    busy = [multiprocessing.Process(target=spin, args=(stop,), daemon=True) for _ in range(2)]
    for process in busy:
        process.start()
    try:
        began = time.monotonic()
        with fresh_store():
            study = clew.automl(X, y, budget_s)
        took = time.monotonic() - began
    finally:
        for process in busy:
            process.kill()
    return Figure(
        "automl.overrun", took / budget_s - 1, "share", clew=took, agrees=study.score_ > 0.9
    )


def spin(until: float) -> None:
    """Compute until a moment."""
    while time.time() < until:
        pass


def flaml(X: Any, y: Any, X_test: Any, y_test: Any, budget_s: int, seed: int) -> float | None:
    """Return FLAML's area on the test rows; None where it is not installed."""
    try:
        from flaml import AutoML
    except ImportError:
        return None
    from clew.select.automl.task import roc_auc

    typed = [
        frame.astype({c: "category" for c in frame.columns if frame[c].dtype.kind not in "if"})
        for frame in (X, X_test)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = AutoML()
        peer.fit(
            typed[0], y, task="classification", metric="roc_auc", time_budget=budget_s,
            seed=seed, verbose=0, n_jobs=2, estimator_list=["lgbm", "xgboost", "rf", "extra_tree"],
        )  # fmt: skip
        told = peer.predict_proba(typed[1])[:, 1]
    return round(roc_auc(np.asarray(y_test, dtype=float), told), 4)


def part(name: str) -> tuple[Any, Any]:
    """Return the rows of ``adult.data`` or ``adult.test``, and 1 where the income is above 50 K."""
    import pandas as pd

    frame = pd.read_csv(
        beside("adult", name), names=list(adult.COLUMNS), skipinitialspace=True, na_values="?",
    )  # fmt: skip
    return frame, frame.pop("income").str.startswith(">50K").to_numpy(dtype="int64")
