"""Serving: one-row requests over HTTP, and what one row costs within a process."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from bench import adult
from bench.figure import Figure
from bench.place import fresh_store
from bench.serving_load import Load, bodies, load, served

CONNECTIONS = 64
EXPONENT = 1.3
EXPONENTS = (0.9, 1.1, EXPONENT)


def under_load(
    learner: str, mode: str, sent: list[str], seconds: int, *, connections: int = CONNECTIONS
) -> Load:
    """Serve a model, warm it up, and load it."""
    with served(learner, mode) as (address, pid, form):
        assert form == ("plan" if mode == "plan" else "python")
        load(address, pid, sent, connections=connections, seconds=1)
        return load(address, pid, sent, connections=connections, seconds=seconds)


@cache
def logistic(seconds: int) -> Load:
    """Return the load that three figures tell of."""
    return under_load("logistic", "plan", requests(), seconds)


def logistic_p99_ms(quick: bool) -> Figure:
    seen = logistic(length_s(quick))
    return Figure("serving.logistic_p99_ms", seen.p99_ms, "ms", agrees=not seen.failed)


def cpu_ms(quick: bool) -> Figure:
    seen = logistic(length_s(quick))
    return Figure("serving.cpu_ms", seen.cpu_ms, "ms", agrees=not seen.failed)


def rps(learner: str, quick: bool) -> Figure:
    """Return the requests a second of one worker process."""
    seconds = length_s(quick)
    if learner == "logistic":
        seen = logistic(seconds)
    else:
        seen = under_load(learner, "plan", requests(), seconds)
    note = f"one worker; p99 {seen.p99_ms:.1f} ms"
    return Figure(f"serving.{learner}_rps", seen.rps, "1/s", seen.rps, None, note, not seen.failed)


def lone_p50_ms(quick: bool) -> Figure:
    seen = under_load("logistic", "plan", requests(), length_s(quick), connections=1)
    return Figure("serving.lone_p50_ms", seen.p50_ms, "ms", agrees=not seen.failed)


def adaptive_gain(quick: bool) -> Figure:
    seconds = length_s(quick)
    alone = under_load("logistic", "python-alone", requests(), seconds)
    together = under_load("logistic", "python", requests(), seconds)
    told = f"one row a run; p99 {together.p99_ms:.0f} ms, to {alone.p99_ms:.0f} ms"
    return gain("serving.adaptive_gain", together, alone, told)


def length_s(quick: bool) -> int:
    return 3 if quick else 8


def gain(figure: str, clew: Load, peer: Load, peer_name: str) -> Figure:
    agrees = not clew.failed and not peer.failed
    ratio = clew.rps / peer.rps
    return Figure(figure, ratio, "ratio", clew.rps, peer.rps, peer_name, agrees)


def requests(n_rows: int = 2000) -> list[str]:
    """Return one-row requests, all different."""
    return bodies(rows()[0][:n_rows].to_dict("records"))


def cache_gain(quick: bool) -> Figure:
    """A dear model (a kernel machine) behind a cache of 1,000 rows, and without one.

    Of 30,000 rows few are asked often; the value is that of the exponent at which about nine of ten
    requests are hits. The others are told beside it.
    """
    seconds = length_s(quick)
    every = requests(30_000)
    without = under_load("kernel", "python", zipf(every, EXPONENT), seconds)
    found: dict[float, tuple[float, Load]] = {}
    for exponent in EXPONENTS:
        with served("kernel", "python-cache") as (address, pid, _):
            sent = zipf(every, exponent)
            load(address, pid, sent, connections=CONNECTIONS, seconds=3)
            before = cached(address)
            seen = load(address, pid, sent, connections=CONNECTIONS, seconds=seconds)
            hits, misses = (b - a for a, b in zip(before, cached(address), strict=True))
        found[exponent] = hits / max(hits + misses, 1), seen
    share, often = found[EXPONENT]
    told = ", ".join(
        f"{share:.0%} hits {seen.rps / without.rps:.1f}×" for share, seen in found.values()
    )
    figure = gain("serving.cache_gain", often, without, f"no cache; Zipf sweep: {told}")
    return replace(figure, agrees=figure.agrees and 0.86 <= share <= 0.94)


def cached(address: str) -> tuple[int, int]:
    """Return the hits and misses of a server's cache so far."""
    with urllib.request.urlopen(f"{address}/v2/models/adult/stats") as answer:
        (stats,) = json.load(answer)["model_stats"]
    seen = stats["inference_stats"]
    return seen["cache_hit"]["count"], seen["cache_miss"]["count"]


def zipf(sent: list[str], exponent: float, length: int = 60_000) -> list[str]:
    """Return requests of which few are asked often, as a Zipf distribution has it."""
    weights = [1 / (rank + 1) ** exponent for rank in range(len(sent))]
    return random.Random(0).choices(sent, weights, k=length)


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


def pipeline(learner: str = "logistic") -> Any:
    """Return one-hot, scaler and a learner, unfitted."""
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

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
    learners = {
        "logistic": LogisticRegression(max_iter=500, tol=1e-3),
        "boosting": GradientBoostingClassifier(random_state=0),
        "kernel": SVC(C=1.0, gamma=0.05),
        "forest": RandomForestClassifier(200, min_samples_leaf=2, random_state=0),
    }
    return make_pipeline(columns, learners[learner])


def timed(call: Callable[[int], Any], n_calls: int) -> tuple[float, list[Any]]:
    """Return the CPU seconds of some calls after a few that warm up, and what they returned."""
    for i in range(min(20, n_calls)):
        call(i)
    before = time.process_time()
    results = [call(i) for i in range(n_calls)]
    return time.process_time() - before, results


FIGURES: dict[str, Callable[[bool], Figure]] = {
    "serving.in_process": in_process,
    "serving.logistic_rps": partial(rps, "logistic"),
    "serving.logistic_p99_ms": logistic_p99_ms,
    "serving.cpu_ms": cpu_ms,
    "serving.boosting_rps": partial(rps, "boosting"),
    "serving.forest_rps": partial(rps, "forest"),
    "serving.lone_p50_ms": lone_p50_ms,
    "serving.adaptive_gain": adaptive_gain,
    "serving.cache_gain": cache_gain,
}
