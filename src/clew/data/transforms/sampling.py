"""Rows drawn: with equal chances, by strata, by age, by density, and from a stream.

All but `reservoir` return positions of rows, ascending, each at most once, and are seeded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from clew.errors import InvalidParameter

T = TypeVar("T")
Positions = npt.NDArray[np.int64]


def uniform(rows: int, size: int, *, seed: int = 0) -> Positions:
    """Return `size` of `rows` positions, all with equal chances."""
    return _weighted(np.ones(rows), size, seed)


def stratified(y: Any, size: int, *, seed: int = 0) -> Positions:
    """Return positions in which each class has its share of all rows, to less than one row.

    Parameters
    ----------
    y
        Classes; shape (n,).
    size
        How many rows.
    """
    classes, codes, counts = np.unique(np.asarray(y), return_inverse=True, return_counts=True)
    _check(len(codes), size)
    exact = counts * (size / max(len(codes), 1))
    whole = np.floor(exact).astype(int)
    rng = np.random.default_rng(seed)
    rest = np.argsort(whole - exact + rng.uniform(0, 1e-9, len(classes)))
    whole[rest[: size - whole.sum()]] += 1
    chosen = [
        rng.permutation(np.flatnonzero(codes == k))[:many] for k, many in enumerate(whole.tolist())
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64) if chosen else np.empty(0, np.int64)


def time_decayed(times: Any, size: int, *, half_life: Any, seed: int = 0) -> Positions:
    """Return positions of rows whose weight halves with every half-life of their age.

    Parameters
    ----------
    times
        Numbers, or NumPy datetimes; shape (n,). The newest row has age 0.
    half_life
        A number, or a NumPy timedelta.
    """
    times = np.asarray(times)
    if not bool(half_life > half_life * 0):
        raise InvalidParameter("half_life", got=str(half_life), expected="more than 0")
    ages = (times.max() - times) / half_life if len(times) else np.empty(0)
    return _weighted(0.5 ** ages.astype(np.float64), size, seed, logs=-math.log(2) * ages)


def density(X: Any, size: int, *, neighbours: int = 5, seed: int = 0) -> Positions:
    """Return positions that cover sparse regions as well as dense ones.

    A row's weight is its distance to the neighbour of this rank (Palmer, Faloutsos, *Density
    biased sampling*, SIGMOD 2000, with neighbours in place of cells).

    Raises
    ------
    MissingExtra
        Without scikit-learn.
    """
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError as error:
        from clew.errors import MissingExtra

        raise MissingExtra("this needs scikit-learn", hint="pip install 'clew[sklearn]'") from error
    X = np.asarray(X, np.float64)
    near = NearestNeighbors(n_neighbors=min(neighbours + 1, len(X))).fit(X)
    distances = near.kneighbors(X)[0][:, -1]
    return _weighted(distances + 1e-12 * (1.0 + distances.max()), size, seed)


def reservoir(stream: Iterable[T], size: int, *, seed: int = 0) -> list[T]:
    """Return `size` items of a stream of unknown length, all with equal chances, in one pass.

    Source: Li, *Reservoir-sampling algorithms of time complexity O(n (1 + log (N / n)))*, ACM
    TOMS 1994, algorithm L. All items where there are fewer.
    """
    if size < 0:
        raise InvalidParameter("size", got=str(size), expected="a whole number from 0")
    rng = np.random.default_rng(seed)
    kept: list[T] = []
    weight, following = 1.0, size - 1
    for at, item in enumerate(stream):
        if len(kept) < size:
            kept.append(item)
            if len(kept) < size:
                continue
        elif at == following and size:
            kept[int(rng.integers(size))] = item
        else:
            continue
        weight *= math.exp(math.log(1.0 - rng.random()) / size)
        gap = math.log(1.0 - rng.random()) / math.log1p(-min(weight, 1.0 - 1e-16))
        following = at + 1 + int(min(gap, 2.0**62))
    return kept


def _weighted(weights: Any, size: int, seed: int, logs: Any = None) -> Positions:
    """Return positions drawn without replacement, by weight (Efraimidis, Spirakis, IPL 2006)."""
    _check(len(weights), size)
    if logs is None:
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(weights, np.float64))
    # The key u ** (1 / w), ordered by -log(-log u) + log w: no weight is too small for it.
    drawn = np.random.default_rng(seed).gumbel(size=len(weights)) + np.asarray(logs, np.float64)
    return np.sort(np.argsort(-drawn, kind="stable")[:size]).astype(np.int64)


def _check(rows: int, size: int) -> None:
    if not 0 <= size <= rows:
        raise InvalidParameter("size", got=str(size), expected=f"0 to {rows}")
