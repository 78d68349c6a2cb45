"""The searches that `bench.search` measures: estimators, spaces and folds on the Adult data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from bench import adult


@dataclass(frozen=True)
class Case:
    """One search."""

    estimator: Any
    space: Any
    X: Any
    y: Any
    cv: Any
    scoring: str | None = None


@cache
def cases(quick: bool) -> dict[str, Case]:
    """Return the searches by name."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import KNeighborsClassifier

    def case(rows: int | None, model: Any, space: Any, **options: Any) -> Case:
        X, y = adult.load(rows)
        return Case(pipeline(X, model, **options), space, X, y, _folds(quick))

    forest = RandomForestClassifier(random_state=0)
    boosting = HistGradientBoostingClassifier(random_state=0)
    few = 500 if quick else 4_000
    return {
        "ridge": _ridge(quick, Ridge()),
        "forest": case(few, forest, {"model__n_estimators": _even(5 if quick else 50)}),
        "boosting": case(
            few,
            boosting,
            {
                "model__max_iter": _even(3 if quick else 20),
                "model__learning_rate": [0.03, 0.1, 0.3],
            },
        ),
        "pca_knn": case(
            few,
            KNeighborsClassifier(),
            {"reduce__n_components": list(range(5, 45, 5)), "model__n_neighbors": _even(5)},
            reduce=True,
        ),
        "mixed_grid": _mixed(quick),
    }


def _ridge(quick: bool, model: Any) -> Case:
    X, y = adult.load(4_000 if quick else None)
    space = {"model__alpha": np.logspace(-3, 4, 20 if quick else 60)}
    return Case(pipeline(X, model), space, X, y.astype(float), _folds(quick))


def _folds(quick: bool) -> Any:
    from sklearn.model_selection import KFold

    return KFold(2 if quick else 5, shuffle=True, random_state=0)


def _even(step: int) -> list[int]:
    return [step * i for i in range(1, 11)]


def _columns(X: Any) -> tuple[list[str], list[str]]:
    words = [name for name in X.columns if X[name].dtype.kind not in "if"]
    return words, [name for name in X.columns if name not in words]


def pipeline(X: Any, model: Any, *, reduce: bool = False, select: bool = False) -> Any:
    """Return one-hot encoding and scaling, then what is asked for, then the model."""
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.feature_selection import SelectKBest
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words, numbers = _columns(X)
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    columns = ColumnTransformer([("words", encode, words), ("numbers", numeric, numbers)])
    middle = [("reduce", PCA(random_state=0))] if reduce else []
    middle += [("select", SelectKBest(k=20))] if select else []
    return Pipeline([("columns", columns), *middle, ("model", model)])


def _mixed(quick: bool) -> Case:
    """200 configurations: imputer × scaler × selector, with four kinds of model."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

    X, y = adult.load(400 if quick else 4_000)
    models: list[dict[str, list[Any]]] = [
        {"model": [LogisticRegression(max_iter=200)], "model__C": [0.01, 0.1, 1, 10, 100]},
        {
            "model": [RandomForestClassifier(random_state=0, max_depth=12)],
            "model__n_estimators": [20, 40, 60, 80, 100],
        },
        {
            "model": [HistGradientBoostingClassifier(random_state=0)],
            "model__max_iter": [20, 40, 60, 80, 100],
        },
        {"model": [KNeighborsClassifier()], "model__n_neighbors": [5, 10, 15, 25, 40]},
    ]
    before: dict[str, list[Any]] = {
        "columns__numbers__fill__strategy": ["mean", "median"],
        "columns__numbers__scale": [StandardScaler(), MinMaxScaler()],
        "select__k": [20, 40] if not quick else [20],
        "columns__words": [
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            *_rare(quick, OneHotEncoder),
        ],
    }
    before["columns__words"] = before["columns__words"][: 1 if quick else 2]
    space = [{**before, **model} for model in models]
    if not quick:  # 8 × 20 and 40 more with another selector size
        space += [
            {
                **before,
                "select__k": [60],
                "columns__words": before["columns__words"][:1],
                **_half(model),
            }
            for model in models
        ]
    return Case(
        pipeline(X, models[0]["model"][0], select=True), space, X, y, _folds(quick), "roc_auc"
    )


def _rare(quick: bool, encoder: Any) -> list[Any]:
    if quick:
        return []
    options = {"handle_unknown": "infrequent_if_exist", "min_frequency": 20}
    return [encoder(sparse_output=False, **options)]


def _half(model: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: values[:3] if name != "model" else values for name, values in model.items()}


def sampled(quick: bool) -> Case:
    """A space with continuous parameters behind a few kinds of preprocessing."""
    from scipy.stats import loguniform
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    X, y = adult.load(1_000 if quick else 4_000)
    before = {
        "columns__numbers__fill__strategy": ["mean", "median"],
        "columns__numbers__scale": [StandardScaler(), MinMaxScaler()],
        "select__k": [20, 40],
    }
    linear = {"model": [LogisticRegression(max_iter=200)], "model__C": loguniform(1e-3, 1e2)}
    boosting = {
        "model": [HistGradientBoostingClassifier(max_iter=30, random_state=0)],
        "model__learning_rate": loguniform(1e-2, 1),
    }
    space = [{**before, **linear}, {**before, **boosting}]
    return Case(
        pipeline(X, LogisticRegression(), select=True), space, X, y, _folds(quick), "roc_auc"
    )
