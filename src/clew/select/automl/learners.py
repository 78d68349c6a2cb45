"""Learners: how each is built and fitted, its space, and where a search of it begins."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.select.automl.task import Task
from clew.select.domains import Domain, choice, integer, real

Configuration = Mapping[str, Any]
_MOST_ROUNDS = 3000
_PATIENCE = 40
_ROWS_TO_HOLD = 100


@dataclass(frozen=True)
class Part:
    """What a learner is fitted on, already encoded.

    Parameters
    ----------
    X, y : array
        Rows and targets to fit.
    X_valid, y_valid : array
        Rows that tell when to stop.
    n_categories : int
        How many columns, the first ones, are codes of categories.
    """

    X: Any
    y: Any
    X_valid: Any
    y_valid: Any
    n_categories: int


@dataclass(frozen=True)
class Learner:
    """A family of models.

    Parameters
    ----------
    name, encoding : str
        Its name, and what it is fed with (`encode.encoder`); "encoding" in a configuration wins.
    fit : callable
        Takes a configuration, a task, a part and a seed, and returns a fitted model.
    space : mapping
        Domains of its parameters.
    starts : sequence of mapping
        Configurations that do well on many tables, tried first.
    needs : str
        Module that must be installed.
    most_rows : int
        Beyond so many rows it is left out: it would take too long.
    """

    name: str
    encoding: str
    fit: Callable[[Configuration, Task, Part, int], Any]
    space: Mapping[str, Domain]
    starts: Sequence[Configuration]
    needs: str = "sklearn"
    most_rows: int = 10_000_000
    kinds: Sequence[str] = field(default=("binary", "multiclass", "regression"))


def available(task: Task, rows: int, names: Sequence[str] | None = None) -> list[Learner]:
    """Return the learners that suit a task and whose library is installed."""
    return [
        learner
        for learner in LEARNERS
        if task.kind in learner.kinds
        and rows <= learner.most_rows
        and (names is None or learner.name in names)
        and importlib.util.find_spec(learner.needs) is not None
    ]


def _lightgbm(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
    import lightgbm

    known = {**configuration}
    known.pop("encoding", None)
    build = lightgbm.LGBMRegressor if task.kind == "regression" else lightgbm.LGBMClassifier
    model = build(
        n_estimators=_MOST_ROUNDS, subsample_freq=1, n_jobs=1, verbose=-1, random_state=seed,
        metric=_MEASURES[task.metric], **known,
    )  # fmt: skip
    coded = part.n_categories and configuration.get("encoding", "ordinal") == "ordinal"
    stop = lightgbm.early_stopping(_patience(known), verbose=False)
    told: dict[str, Any] = {"eval_set": [(part.X_valid, part.y_valid)]}
    if "eval_X" in inspect.signature(model.fit).parameters:
        told = {"eval_X": part.X_valid, "eval_y": part.y_valid}
    return model.fit(
        part.X,
        part.y,
        categorical_feature=list(range(part.n_categories)) if coded else "auto",
        callbacks=[stop],
        **told,
    )


def _xgboost(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
    import xgboost

    known = {**configuration}
    known.pop("encoding", None)
    build = xgboost.XGBRegressor if task.kind == "regression" else xgboost.XGBClassifier
    model = build(
        n_estimators=_MOST_ROUNDS, n_jobs=1, random_state=seed, tree_method="hist",
        early_stopping_rounds=_patience(known), eval_metric=_MEASURES[task.metric], **known,
    )  # fmt: skip
    y, y_valid = part.y, part.y_valid
    if task.kind != "regression":
        y, y_valid = y.astype(int), y_valid.astype(int)
    model.fit(part.X, y, eval_set=[(part.X_valid, y_valid)], verbose=False)
    return model


def _histogram(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    known = {**configuration}
    coded = known.pop("encoding", "ordinal") == "ordinal"
    n_columns = part.X.shape[1]
    mask = np.arange(n_columns) < part.n_categories if coded and part.n_categories else None
    regression = task.kind == "regression"
    build = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    model = build(
        max_iter=_MOST_ROUNDS, early_stopping=True, n_iter_no_change=_patience(known) // 2,
        categorical_features=mask, random_state=seed, **known,
    )  # fmt: skip
    return model.fit(part.X, part.y, X_val=part.X_valid, y_val=part.y_valid)


def _forest(extra: bool) -> Callable[[Configuration, Task, Part, int], Any]:
    def fit(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
        from sklearn import ensemble

        name = ("ExtraTrees" if extra else "RandomForest") + (
            "Regressor" if task.kind == "regression" else "Classifier"
        )
        known = {k: v for k, v in configuration.items() if k != "encoding"}
        return getattr(ensemble, name)(n_jobs=1, random_state=seed, **known).fit(part.X, part.y)

    return fit


def _linear(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    if task.kind == "regression":
        return Ridge(alpha=1 / configuration["C"]).fit(part.X, part.y)
    return LogisticRegression(
        C=configuration["C"], class_weight=configuration["class_weight"], max_iter=200
    ).fit(part.X, part.y)


def _neighbours(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    build = KNeighborsRegressor if task.kind == "regression" else KNeighborsClassifier
    count = min(configuration["n_neighbors"], part.X.shape[0])
    return build(**{**configuration, "n_neighbors": count}).fit(part.X, part.y)


def _network(configuration: Configuration, task: Task, part: Part, seed: int) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    known = {**configuration}
    shape = [known.pop("width")] * known.pop("layers")
    known |= {"n_iter_no_change": 8, "max_iter": 100, "random_state": seed}
    if task.kind == "regression":
        network = MLPRegressor(hidden_layer_sizes=shape, early_stopping=True, **known)
        return TransformedTargetRegressor(network, transformer=StandardScaler()).fit(part.X, part.y)
    # A part is held to tell when to stop: each class must have a row in it.
    enough = np.unique(part.y, return_counts=True)[1].min() >= 2 and len(part.y) >= _ROWS_TO_HOLD
    return MLPClassifier(hidden_layer_sizes=shape, early_stopping=enough, **known).fit(
        part.X, part.y
    )


def _patience(configuration: Configuration) -> int:
    """Return the rounds without a gain that end a fit: more of them where steps are small."""
    rate = float(configuration.get("learning_rate", 0.1))
    return int(np.clip(_PATIENCE * 0.1 / rate, 20, 200))


_ERRORS = {"rmse": "rmse", "mae": "mae", "r2": "rmse"}
# None: the loss itself, which is log loss for classes.
_MEASURES = {**_ERRORS, "roc_auc": "auc", "accuracy": None, "log_loss": None}
_MEASURES |= {"average_precision": None, "balanced_accuracy": None}

_RATE = real(0.01, 0.2, log=True)
LEARNERS = (
    Learner(
        "lightgbm",
        "ordinal",
        _lightgbm,
        {
            "learning_rate": _RATE,
            "num_leaves": integer(8, 128, log=True),
            "min_child_samples": integer(5, 100, log=True),
            "colsample_bytree": real(0.3, 1.0),
            "subsample": real(0.6, 1.0),
            "reg_lambda": real(1e-3, 30, log=True),
            "reg_alpha": real(1e-3, 10, log=True),
            "cat_smooth": real(1, 100, log=True),
            "max_bin": integer(63, 511, log=True),
            "encoding": choice("ordinal", "target"),
        },
        (
            {
                "learning_rate": 0.05,
                "num_leaves": 31,
                "min_child_samples": 20,
                "colsample_bytree": 0.6,
                "subsample": 0.9,
                "reg_lambda": 1.0,
                "reg_alpha": 0.01,
                "cat_smooth": 10.0,
                "max_bin": 255,
                "encoding": "ordinal",
            },
            {
                "learning_rate": 0.05,
                "num_leaves": 16,
                "min_child_samples": 40,
                "colsample_bytree": 0.4,
                "subsample": 0.8,
                "reg_lambda": 5.0,
                "reg_alpha": 0.1,
                "cat_smooth": 30.0,
                "max_bin": 511,
                "encoding": "target",
            },
        ),
        needs="lightgbm",
    ),
    Learner(
        "xgboost",
        "ordinal",
        _xgboost,
        {
            "learning_rate": _RATE,
            "max_depth": integer(3, 10),
            "min_child_weight": real(0.5, 50, log=True),
            "colsample_bytree": real(0.3, 1.0),
            "subsample": real(0.5, 1.0),
            "reg_lambda": real(1e-2, 30, log=True),
            "gamma": real(1e-4, 5, log=True),
            "encoding": choice("ordinal", "target"),
        },
        (
            {
                "learning_rate": 0.05,
                "max_depth": 6,
                "min_child_weight": 2.0,
                "colsample_bytree": 0.5,
                "subsample": 0.9,
                "reg_lambda": 1.0,
                "gamma": 0.01,
                "encoding": "target",
            },
        ),
        needs="xgboost",
    ),
    Learner(
        "histogram",
        "ordinal",
        _histogram,
        {
            "learning_rate": _RATE,
            "max_leaf_nodes": integer(8, 128, log=True),
            "min_samples_leaf": integer(5, 100, log=True),
            "l2_regularization": real(1e-4, 30, log=True),
            "max_features": real(0.2, 1.0),
            "encoding": choice("ordinal", "target"),
        },
        (
            {
                "learning_rate": 0.06,
                "max_leaf_nodes": 31,
                "min_samples_leaf": 20,
                "l2_regularization": 1.0,
                "max_features": 0.5,
                "encoding": "ordinal",
            },
        ),
    ),
    Learner(
        "forest",
        "ordinal",
        _forest(extra=False),
        {
            "n_estimators": integer(100, 400),
            "min_samples_leaf": integer(1, 20, log=True),
            "max_features": real(0.1, 0.9),
        },
        ({"n_estimators": 200, "min_samples_leaf": 3, "max_features": 0.35},),
    ),
    Learner(
        "extra-trees",
        "ordinal",
        _forest(extra=True),
        {
            "n_estimators": integer(100, 400),
            "min_samples_leaf": integer(1, 20, log=True),
            "max_features": real(0.2, 1.0),
        },
        ({"n_estimators": 200, "min_samples_leaf": 2, "max_features": 0.6},),
    ),
    Learner(
        "linear",
        "onehot",
        _linear,
        {"C": real(1e-3, 100, log=True), "class_weight": choice(None, "balanced")},
        ({"C": 1.0, "class_weight": None},),
    ),
    Learner(
        "network",
        "onehot",
        _network,
        {
            "width": integer(16, 256, log=True),
            "layers": integer(1, 3),
            "alpha": real(1e-6, 1, log=True),
            "learning_rate_init": real(3e-4, 1e-2, log=True),
        },
        ({"width": 64, "layers": 2, "alpha": 1e-3, "learning_rate_init": 1e-3},),
    ),
    Learner(
        "neighbours",
        "onehot",
        _neighbours,
        {"n_neighbors": integer(1, 60, log=True), "weights": choice("uniform", "distance")},
        ({"n_neighbors": 5, "weights": "distance"},),
        most_rows=20_000,
    ),
)
