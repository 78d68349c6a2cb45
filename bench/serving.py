"""Serving: what one row costs within a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench import adult
from bench.figure import Figure
from bench.place import fresh_store


def figures(quick: bool) -> Iterator[Figure]:
    yield in_process(quick)


def in_process(quick: bool) -> Figure:
    """One row at a time through a scikit-learn pipeline, and through clew's endpoint."""
    import sklearn

    from clew.serve import Endpoint

    X, y = rows()
    X, y = (X[:5000], y[:5000]) if quick else (X, y)
    fitted = pipeline().fit(X, y)
    with fresh_store():
        endpoint = Endpoint(fitted, X)
    n_rows = 200 if quick else 1000
    frames = [X.iloc[i : i + 1] for i in range(n_rows)]
    mappings = X[:n_rows].to_dict("records")
    peer_s, expected = timed(lambda i: fitted.predict(frames[i])[0], n_rows)
    clew_s, given = timed(lambda i: endpoint.predict_one(mappings[i]), n_rows)
    return Figure(
        "serving.in_process",
        peer_s / clew_s,
        "ratio",
        clew=clew_s / n_rows,
        peer=peer_s / n_rows,
        peer_name=f"scikit-learn {sklearn.__version__}",
        agrees=expected == given and endpoint.compiled.form == "plan",
    )


def rows() -> tuple[Any, Any]:
    """Return Adult with texts for categories, missing ones as a category of their own."""
    X, y = adult.load()
    X = X.drop(columns=[name for name in ("row-id", "split") if name in X])
    texts = [name for name in X if X[name].dtype.kind not in "iuf"]
    return X.assign(**{name: X[name].astype(object).fillna("missing") for name in texts}), y


def pipeline() -> Any:
    """Return one-hot, scaler and logistic regression, unfitted."""
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), make_column_selector(dtype_include=np.number)),
            (
                "texts",
                OneHotEncoder(handle_unknown="ignore"),
                make_column_selector(dtype_include=object),
            ),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=500, tol=1e-3))


def timed(call: Callable[[int], Any], n_calls: int) -> tuple[float, list[Any]]:
    """Return the CPU seconds of some calls after a few that warm up, and what they returned."""
    for i in range(min(20, n_calls)):
        call(i)
    before = time.process_time()
    results = [call(i) for i in range(n_calls)]
    return time.process_time() - before, results
