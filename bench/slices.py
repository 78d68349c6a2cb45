"""Slices of Adult's training rows: SliceLine's scores, and the time to sliceline's, the library's.

Both begin with the same whole numbers; errors are those of a logistic regression. CPU seconds; the
same scores are asked for before any time counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from bench.adult import load
from bench.figure import Figure
from clew.debug.slices import coded, find_slices, index

TRAIN, BINS = 32_561, 10
LEAST, ALPHA, COUNT = 325, 0.95, 10


def figures(quick: bool) -> Iterator[Figure]:
    for level in (2,) if quick else (2, 3):
        yield slices(level)


def slices(level: int) -> Figure:
    """Time of sliceline to clew's, the same slices found."""
    from sliceline.slicefinder import Slicefinder

    codes, errors = rows()
    names = [str(column) for column in range(codes.shape[1])]
    spent = []
    for _ in range(5):
        started = time.process_time()
        found = find_slices(
            coded(codes, names),
            errors,
            count=COUNT,
            alpha=ALPHA,
            predicates=level,
            least_rows=LEAST,
        )
        spent.append(time.process_time() - started)
    started = time.process_time()
    peer = Slicefinder(alpha=ALPHA, k=COUNT, max_l=level, min_sup=LEAST, verbose=False)
    peer.fit(codes, errors)
    peer_s = time.process_time() - started
    scores = [one["slice_score"] for one in peer.top_slices_statistics_]
    mine = [one.score for one in found]
    agrees = len(mine) == len(scores) and bool(np.allclose(mine, scores, atol=1e-9))
    ours_s = min(spent)
    name = f"sliceline {version('sliceline')}"
    return Figure(f"slices.level{level}", peer_s / ours_s, "ratio", ours_s, peer_s, name, agrees)


@cache
def rows() -> tuple[Any, Any]:
    """Return the columns as whole numbers, and where a logistic regression is wrong."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    X, y = load(TRAIN)
    found = index(X.drop(columns=["row-id", "split"], errors="ignore"), bins=BINS)
    first = np.array([np.flatnonzero(found.columns == at)[0] for at in np.unique(found.columns)])
    codes = found.codes - first
    inputs = OneHotEncoder().fit_transform(codes)
    model = LogisticRegression(solver="liblinear").fit(inputs, y)
    return codes, (model.predict(inputs) != y).astype(float)
