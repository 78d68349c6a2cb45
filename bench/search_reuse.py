"""Model selection under `with clew.reuse()`, against plain scikit-learn, on the Adult data.

CPU seconds, one thread; scores, refit coefficients and predictions are compared bit by bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from bench import adult
from bench.figure import Figure
from bench.place import fresh_store


def reuse_ridge(quick: bool, *, sparse: bool) -> Figure:
    """Ridge, 60 strengths x 5 folds, dense or sparse one-hot."""
    from sklearn.linear_model import Ridge

    grid = {"model__alpha": np.logspace(-3, 4, 10 if quick else 60)}
    name = "search.reuse_ridge" + ("_sparse" if sparse else "")
    return _compare(name, _search(Ridge(), grid, sparse=sparse), quick=quick)


def logistic(quick: bool, *, sparse: bool) -> Figure:
    """Logistic regression, 20 strengths x 5 folds, sparse or dense one-hot."""
    from sklearn.linear_model import LogisticRegression

    grid = {"model__C": np.logspace(-3, 2, 5 if quick else 20)}
    name = "search.logistic" + ("" if sparse else "_dense")
    search = _search(LogisticRegression(tol=1e-3), grid, sparse=sparse)
    return _compare(name, search, quick=quick)


def overhead(quick: bool) -> Figure:
    """A random search with nothing to reuse: a linear model, a tree ensemble; the worse one."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    X, y = _encoded(4_000 if quick else None)
    rng = np.random.default_rng(0)
    linear = {"C": rng.uniform(0.01, 1, 3), "tol": [1e-4]}
    forest = {"n_estimators": [30, 41], "max_features": [0.2]}
    worst: Figure | None = None
    for model, space in (
        (LogisticRegression(max_iter=300), linear),
        (RandomForestClassifier(random_state=0), forest),
    ):
        _rounds(_grid(model, space, X[:1_000], y[:1_000]), 1)  # imports, and first calls
        plain_s, reuse_s, agrees = _rounds(_grid(model, space, X, y), 1 if quick else 3)
        value = max(0.0, reuse_s / plain_s - 1)
        found = Figure("search.overhead", value, "share", reuse_s, plain_s, _peer(), agrees)
        if worst is None or found.value > worst.value:
            worst = found
    assert worst is not None
    return worst


# -- measuring ------------------------------------------------------------------------------------
def _compare(name: str, search: Callable[[int | None], Any], *, quick: bool) -> Figure:
    rows = 6_000 if quick else None
    plain_s, reuse_s, agrees = _rounds(lambda: search(rows), 1)
    value = plain_s / reuse_s
    return Figure(name, value, "ratio", reuse_s, plain_s, _peer(), agrees)


def _rounds(search: Callable[[], Any], rounds: int) -> tuple[float, float, bool]:
    """Return the CPU seconds of the plain search, of the reused one, and whether they agree.

    Plain and reused alternate, each time with an empty store in the place that is used by default.
    What is returned is the pair with the median ratio: a busy machine slows both of a pair.
    """
    import clew.reuse.context as context

    pairs: list[tuple[float, float]] = []
    agrees = True
    with _one_thread():
        for _ in range(rounds):
            began = time.process_time()
            plain = search()
            plain_s = time.process_time() - began
            with fresh_store():
                began = time.process_time()
                with context.reuse():
                    reused = search()
                pairs.append((plain_s, time.process_time() - began))
            agrees = agrees and _same(plain, reused)
    pairs.sort(key=lambda pair: pair[1] / pair[0])
    return *pairs[len(pairs) // 2], agrees


def _same(one: Any, other: Any) -> bool:
    names = [key for key in one.cv_results_ if not key.endswith("_time")]
    same = bool(all(_equal(one.cv_results_[key], other.cv_results_[key]) for key in names))
    ends = [getattr(found.best_estimator_, "steps", None) for found in (one, other)]
    models = [
        steps[-1][1] if steps else s.best_estimator_
        for steps, s in zip(ends, (one, other), strict=True)
    ]
    if hasattr(models[0], "coef_"):
        same = same and bool(np.array_equal(models[0].coef_, models[1].coef_))
    return same and bool(one.best_index_ == other.best_index_)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ma.MaskedArray):
        same_mask = np.array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other))
        return same_mask and one.compressed().tolist() == other.compressed().tolist()
    if isinstance(one, list):
        return [str(item) for item in one] == [str(item) for item in other]
    return bool(np.array_equal(one, other, equal_nan=True))


@contextmanager
def _one_thread() -> Iterator[None]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _peer() -> str:
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


# -- searches -------------------------------------------------------------------------------------
def _search(model: Any, grid: dict[str, Any], *, sparse: bool) -> Callable[[int | None], Any]:
    from sklearn.model_selection import GridSearchCV, KFold
    from sklearn.pipeline import Pipeline

    def run(rows: int | None) -> Any:
        X, y = adult.load(rows)
        pipeline = Pipeline([("encode", _encoder(X, sparse=sparse)), ("model", model)])
        folds = KFold(5, shuffle=True, random_state=0)
        return GridSearchCV(pipeline, grid, cv=folds).fit(X, y)

    return run


def _encoder(X: Any, *, sparse: bool) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = [name for name in X.columns if X[name].dtype.kind not in "if"]
    numbers = [name for name in X.columns if name not in words]
    return ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=sparse), words),
            (
                "numbers",
                Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())]),
                numbers,
            ),
        ],
        sparse_threshold=1.0 if sparse else 0.0,
    )


def _encoded(rows: int | None) -> tuple[Any, Any]:
    X, y = adult.load(rows)
    return _encoder(X, sparse=False).fit_transform(X), y


def _grid(model: Any, space: dict[str, Any], X: Any, y: Any) -> Callable[[], Any]:
    from sklearn.model_selection import RandomizedSearchCV

    def run() -> Any:
        size = int(np.prod([len(values) for values in space.values()]))
        return RandomizedSearchCV(model, space, n_iter=size, cv=5, random_state=0).fit(X, y)

    return run


FIGURES: dict[str, Callable[[bool], Figure]] = {
    "search.reuse_ridge": partial(reuse_ridge, sparse=False),
    "search.reuse_ridge_sparse": partial(reuse_ridge, sparse=True),
    "search.logistic": partial(logistic, sparse=True),
    "search.logistic_dense": partial(logistic, sparse=False),
    "search.overhead": overhead,
}
"""Every figure on its own: one can be measured without the others."""
