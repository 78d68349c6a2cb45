"""`clew.automl`: a search within a budget, tracked, and its model registered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib import import_module
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any

from clew.errors import MissingExtra
from clew.steps import runtime
from clew.track.active import run
from clew.track.save import log_model

if TYPE_CHECKING:
    from clew.select.automl.study import AutoML, Progress

EXPERIMENT = "automl"
_EXAMPLE_ROWS = 5
_KEPT_SHARE, _KEPT_S = 0.1, 2.0
"""Of the budget, what is left for storing the model: a share, and at most so many seconds."""


def automl(
    X: Any,
    y: Any,
    budget_s: float = 60.0,
    *,
    test: tuple[Any, Any] | None = None,
    name: str | None = None,
    metric: str = "auto",
    kind: str = "auto",
    learners: Sequence[str] | None = None,
    workers: int | None = None,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    warm_start: bool = True,
) -> AutoML:
    """Find a model for a table within a budget; the search is a run, its model is logged.

    Learners are scikit-learn's, and LightGBM and XGBoost where they are installed. A sensible model
    stands within two seconds; then learners and their parameters are tried on folds, and the best
    are combined (Caruana et al. 2004). Gaps, categories, texts and dates are dealt with.

    Parameters
    ----------
    X : table
        A pandas or Polars frame, or an array of shape (n, columns).
    y : array-like of shape (n,)
        Targets: labels, or numbers.
    budget_s : float
        Seconds that all of it may take, the storing of the model included; what `test` costs comes
        on top.
    test : (table, array-like), optional
        Rows that take no part; they are asked once, when all is decided.
    name : str, optional
        Register the model under this name.
    metric, kind, learners, workers, seed, progress
        As in `clew.select.automl.study.AutoML`.
    warm_start : bool
        Begin with what was best in earlier searches of this store on tables that are alike.

    Returns
    -------
    AutoML
        Its `model_` is an ordinary estimator; it predicts like one itself, too. `run_id_` names
        the run, `version_` the registered version, `study_id_` its node on the lineage graph, and
        `near_` the earlier searches that it began with.

    Raises
    ------
    MissingExtra
        When scikit-learn or pandas is not installed.
    InvalidParameter
        When rows and targets do not fit together.

    Examples
    --------
    >>> import clew
    >>> from sklearn.datasets import load_breast_cancer
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> found = clew.automl(X, y, budget_s=3, workers=1)
    >>> found.score_ > 0.95
    True
    """
    try:
        from clew.select.automl.columns import table
        from clew.select.automl.memory import Memory
        from clew.select.automl.study import AutoML
    except ImportError as error:
        raise MissingExtra(
            "automl needs scikit-learn and pandas.", hint="pip install 'clew[sklearn,pandas]'"
        ) from error
    if find_spec("skops") is None:
        raise MissingExtra("models are stored by skops.", hint="pip install 'clew[sklearn]'")
    began = time.monotonic()
    memory = Memory(runtime.current())
    options = {
        "budget_s": budget_s, "metric": metric, "kind": kind, "seed": seed,
        "learners": None if learners is None else list(learners),
    }  # fmt: skip
    with run("automl", experiment=EXPERIMENT) as tracked:
        tracked.log_params({"budget_s": budget_s, "seed": seed})
        tracked.log_input(table(X), name="training", context="training")
        # Its import takes a second or two, which the search does not wait for.
        Thread(target=import_module, args=("skops.io",), daemon=True).start()
        before_s = time.monotonic() - began
        after_s = min(_KEPT_SHARE * budget_s, _KEPT_S)
        study = AutoML(
            budget_s - min(before_s + after_s, budget_s / 2), metric=metric, kind=kind,
            learners=learners, workers=workers, seed=seed, progress=progress,
            memory=memory if warm_start else None,
        ).fit(X, y)  # fmt: skip
        tracked.log_params({"metric": study.task_.metric, "task": study.task_.kind})
        tracked.log_metrics({study.task_.metric: study.score_, "seconds": study.seconds_})
        if test is not None:
            _opened(study, test)
            tracked.log_metric(f"test_{study.task_.metric}", study.test_score_)
        board = [asdict(line) for line in study.leaderboard_]
        tracked.log_text("leaderboard.json", json.dumps(board, indent=1, default=str))
        if study.warnings_:
            tracked.set_tag("warnings", "; ".join(study.warnings_)[:5000])
        study.study_id_ = memory.keep(study, X, y, options, tracked.id)
        logged = log_model(study.model_, input_example=table(X).head(_EXAMPLE_ROWS))
        study.run_id_, study.version_ = tracked.id, None
    if name is not None:
        from clew.registry.promote import register

        study.version_ = register(logged, name)
    return study


def _opened(study: AutoML, test: tuple[Any, Any]) -> None:
    """Score the ensemble, and each of its members, on rows that took no part."""
    study.test_score_ = study.evaluate(*test)
    study.leaderboard_ = [
        replace(line, test_score=study.test_score_ if line.weight == 1.0 else None)
        for line in study.leaderboard_
    ]
