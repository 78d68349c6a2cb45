"""A sampler that looks at what the plan would spend, on spaces with dear transforms.

Adult: power scaling and selection by mutual information take most of the time, and plain TPE hardly
ever proposes the same beginning twice.
"""

from __future__ import annotations

import statistics
import time
from functools import cache
from typing import Any

from bench import adult
from bench.figure import Figure
from bench.search_spaces import pipeline

_ROWS, _TRIALS, _FOLDS = 1000, 50, 5
_SAME = 0.001


def speed(quick: bool) -> Figure:
    """CPU time of 50 trials of plain TPE and scikit-learn, to that of the reuse-aware search."""
    seeds, trials = (1, 15) if quick else (3, _TRIALS)
    plain_s, reuse_s, gaps = [], [], []
    for seed in range(seeds):
        began = time.process_time()
        plain = _plain(seed, trials)
        plain_s.append(time.process_time() - began)
        began = time.process_time()
        found = _search(seed, "reuse", n_trials=trials)
        reuse_s.append(time.process_time() - began)
        gaps.append(found.best_score_ - plain)
    value = sum(plain_s) / sum(reuse_s)
    return Figure(
        "hpo.reuse_aware_speed", value, "ratio", sum(reuse_s), sum(plain_s),
        f"{_optuna()} TPE and scikit-learn; best score less its: {_shown(gaps)}",
        agrees=statistics.mean(gaps) >= -_SAME or quick,
    )  # fmt: skip


def wins(quick: bool) -> Figure:
    """Seeds on which it is as good as TPE after the same time, both keeping what they computed."""
    seeds, trials = (2, 15) if quick else (10, 40)
    gaps = []
    for seed in range(seeds):
        began = time.monotonic()
        plain = _search(seed, "tpe", n_trials=trials)
        took_s = time.monotonic() - began
        found = _search(seed, "reuse", budget_s=took_s)
        gaps.append(found.best_score_ - plain.best_score_)
    won = sum(gap >= 0 for gap in gaps)
    return Figure(
        "hpo.reuse_aware_wins", won, "count", won, seeds,
        f"seeds, against TPE with the same store: {_shown(gaps)}",
    )  # fmt: skip


FIGURES = {"hpo.reuse_aware_speed": speed, "hpo.reuse_aware_wins": wins}


def _shown(gaps: list[float]) -> str:
    return ", ".join(f"{gap:+.4f}" for gap in gaps)


def _optuna() -> str:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return f"Optuna {optuna.__version__}"


@cache
def _estimator() -> tuple[Any, Any, Any]:
    """Return a pipeline, rows and targets."""
    from sklearn.feature_selection import SelectKBest
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = adult.load(_ROWS)
    columns = pipeline(X, None).named_steps["columns"]
    steps = [
        ("columns", columns), ("scale", StandardScaler()), ("select", SelectKBest(_information)),
        ("model", LogisticRegression(max_iter=300)),
    ]  # fmt: skip
    return Pipeline(steps), X, y


def _information(X: Any, y: Any) -> Any:
    from sklearn.feature_selection import mutual_info_classif

    return mutual_info_classif(X, y, random_state=0)


@cache
def _space() -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    from clew.select import choice, integer, real, when

    linear, tree = LogisticRegression(max_iter=300), DecisionTreeClassifier(random_state=0)
    return {
        "columns__numbers__fill__strategy": choice("mean", "median", "most_frequent"),
        "scale": choice(StandardScaler(), PowerTransformer(), MinMaxScaler()),
        "select__k": integer(5, 60),
        "model": choice(linear, tree),
        "model__C": when("model", linear, real(1e-3, 1e2, log=True)),
        "model__max_depth": when("model", tree, integer(2, 12)),
    }


def _folds() -> Any:
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(_FOLDS, shuffle=True, random_state=0)


def _search(seed: int, sampler: str, **until: Any) -> Any:
    from clew.select import Search
    from clew.select.store import MemoryStore

    estimator, X, y = _estimator()
    return Search(
        estimator, _space(), sampler=sampler, cv=_folds(), scoring="roc_auc", refit=False,
        store=MemoryStore(), random_state=seed, **until,
    ).fit(X, y)  # fmt: skip


def _plain(seed: int, trials: int) -> float:
    """Return the best score of Optuna's TPE, each trial by `cross_val_score`."""
    import optuna
    from sklearn.base import clone
    from sklearn.model_selection import cross_val_score

    estimator, X, y = _estimator()
    space = _space()
    linear = space["model"].options[0]

    def objective(trial: Any) -> float:
        names = ("columns__numbers__fill__strategy", "scale", "model")
        given = {
            name: space[name].options[
                trial.suggest_categorical(name, list(range(len(space[name].options))))
            ]
            for name in names
        }
        given["select__k"] = trial.suggest_int("select__k", 5, 60)
        if given["model"] is linear:
            given["model__C"] = trial.suggest_float("C", 1e-3, 1e2, log=True)
        else:
            given["model__max_depth"] = trial.suggest_int("max_depth", 2, 12)
        built = clone(estimator).set_params(**clone(given, safe=False))
        return float(cross_val_score(built, X, y, cv=_folds(), scoring="roc_auc").mean())

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    return float(study.best_value)
