"""Deletion by provenance: one row of a hundred leaves a ridge regression, against a refit.

CPU seconds on one thread, the better of several runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import version

import numpy as np

from bench.figure import Figure
from clew.debug.deletion import LinearModel

FEATURES, SHARE, ALPHA, RUNS = 60, 0.01, 1.0, 5


def figures(quick: bool) -> Iterator[Figure]:
    from sklearn.linear_model import Ridge

    rows = 40_000 if quick else 400_000
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, FEATURES)) + random.uniform(-3, 3, FEATURES)
    y = X @ random.normal(size=FEATURES) + random.normal(size=rows)
    gone = random.choice(rows, int(rows * SHARE), replace=False)
    keep = np.ones(rows, dtype=bool)
    keep[gone] = False
    model = LinearModel.fit(X, y, alpha=ALPHA)
    ours_s, theirs_s = [], []
    for _ in range(RUNS):
        started = time.process_time()
        left = model.without(rows=gone)
        ours_s.append(time.process_time() - started)
        started = time.process_time()
        peer = Ridge(alpha=ALPHA, solver="cholesky").fit(X[keep], y[keep])
        theirs_s.append(time.process_time() - started)
    differ = float(np.abs(left.coef_ - peer.coef_).max() / np.abs(peer.coef_).max())
    differ = max(differ, float(np.abs(left.predict(X[:1000]) - peer.predict(X[:1000])).max()))
    name = f"refit, scikit-learn {version('scikit-learn')}"
    yield Figure("erase.max_diff", differ, "ratio", peer_name=name)
    ratio = min(theirs_s) / min(ours_s)
    same = differ <= 1e-8
    yield Figure("erase.speedup", ratio, "ratio", min(ours_s), min(theirs_s), name, same)
