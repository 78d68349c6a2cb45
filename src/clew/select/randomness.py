"""Randomness: which estimators may be shared although nobody set their `random_state`.

An estimator whose `random_state` is None (or a generator) is executed once for each configuration
and fold, in scikit-learn's order, so that a search gives what it would have given without clew.
Some classes have the parameter and use it with some options only; they run optimistically and the
global generators are watched while they do.
"""

from __future__ import annotations

import random
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit

from clew.errors import Unhashable
from clew.lineage.code import code_record

_SOLVERS: dict[str, Callable[[Any], bool]] = {
    "Ridge": lambda e: e.solver not in ("sag", "saga"),
    "RidgeClassifier": lambda e: e.solver not in ("sag", "saga"),
    "LogisticRegression": lambda e: e.solver in ("lbfgs", "newton-cg", "newton-cholesky"),
    "LinearSVC": lambda e: e.dual is False,
    "LinearSVR": lambda e: e.dual is False,
    "SVC": lambda e: not e.probability,
    "NuSVC": lambda e: not e.probability,
    "PCA": lambda e: e.svd_solver in ("auto", "full", "covariance_eigh"),
    "KBinsDiscretizer": lambda e: e.strategy != "kmeans",
    "QuantileTransformer": lambda e: True,
    "IterativeImputer": lambda e: not e.sample_posterior,
    "GaussianProcessRegressor": lambda e: e.n_restarts_optimizer == 0,
}


def why_random(estimator: Any) -> str:
    """Return why an estimator, or one inside it, may give something else each time, or ``""``."""
    for part in _parts(estimator):
        if _draws(part):
            return "random_state is not set"
        if reads := _reads_world(part):
            return reads
    return ""


def _reads_world(estimator: Any) -> str:
    values = vars(estimator).values() if hasattr(estimator, "__dict__") else ()
    own = [] if type(estimator).__module__.startswith("sklearn.") else [type(estimator)]
    return reads_world([*own, *values])


def reads_world(values: Iterable[Any]) -> str:
    """Return what the code of classes and functions is seen to read: clock, entropy, network."""
    for code in values:
        if not isinstance(code, (type, types.FunctionType)):
            continue
        try:
            if ambient := code_record(code).ambient:
                return "its code " + "; ".join(ambient)
        except Unhashable:  # it has no id then, and is not kept
            continue
    return ""


_VAIN: dict[str, Callable[[Any, int], bool]] = {
    "Lasso": lambda e, n: bool(e.selection == "cyclic"),
    "ElasticNet": lambda e, n: bool(e.selection == "cyclic"),
    "MultiTaskLasso": lambda e, n: bool(e.selection == "cyclic"),
    "MultiTaskElasticNet": lambda e, n: bool(e.selection == "cyclic"),
    "HistGradientBoostingClassifier": lambda e, n: _histogram_ignores_seed(e, n),
    "HistGradientBoostingRegressor": lambda e, n: _histogram_ignores_seed(e, n),
}


def draws_in_vain(estimator: Any, n_rows: int) -> bool:
    """Tell whether an estimator without a seed draws, but gives the same whatever it draws.

    Parameters
    ----------
    estimator : estimator
        Unfitted.
    n_rows : int
        At least the number of training rows.
    """
    ignores = _VAIN.get(type(estimator).__name__)
    known = type(estimator).__module__.startswith("sklearn.") and ignores is not None
    return known and ignores is not None and ignores(estimator, n_rows)


def _histogram_ignores_seed(estimator: Any, n_rows: int) -> bool:
    """Without early stopping, sampled columns and subsampled bins the seed decides nothing."""
    stops = estimator.early_stopping not in (False, "auto") or (
        estimator.early_stopping == "auto" and n_rows > 10_000
    )
    return not stops and bool(estimator.max_features == 1.0) and n_rows <= 200_000


def _parts(estimator: Any) -> Iterator[Any]:
    yield estimator
    if hasattr(estimator, "get_params"):
        for value in estimator.get_params(deep=True).values():
            splitter = isinstance(value, (BaseCrossValidator, BaseShuffleSplit))
            if isinstance(value, BaseEstimator) or splitter:
                yield value


def _draws(estimator: Any) -> bool:
    if not hasattr(estimator, "get_params"):
        seed = getattr(estimator, "random_state", 0)
        shuffles = getattr(estimator, "shuffle", isinstance(estimator, BaseShuffleSplit))
        return bool(shuffles) and not isinstance(seed, (int, np.integer))
    seed = estimator.get_params(deep=False).get("random_state", 0)
    if isinstance(seed, (int, np.integer)):
        return _mutual(estimator)
    ignores = _SOLVERS.get(type(estimator).__name__)
    known = type(estimator).__module__.startswith("sklearn.") and ignores is not None
    return not (known and ignores is not None and ignores(estimator))


def _mutual(estimator: Any) -> bool:
    """Mutual information adds noise to continuous columns: from a generator without a seed."""
    score = getattr(estimator, "score_func", None)
    return getattr(score, "__name__", "") in ("mutual_info_classif", "mutual_info_regression")


class Unseeded(Exception):
    """A stage drew from a global generator; its configurations run plainly, in order."""


class Watch:
    """Sees whether the global generators of `random` and NumPy move."""

    def __init__(self) -> None:
        self._numpy: Any = np.random.get_state(legacy=False)
        self._python = random.getstate()

    def moved(self) -> bool:
        """Tell whether something drew from a global generator since the watch was made."""
        now: Any = np.random.get_state(legacy=False)
        before, after = self._numpy["state"], now["state"]
        same = (
            before["pos"] == after["pos"]
            and now["has_gauss"] == self._numpy["has_gauss"]
            and np.array_equal(before["key"], after["key"])
        )
        return not (same and self._python == random.getstate())

    def rewind(self) -> None:
        """Put both generators back to where they were (not beside threads that draw too)."""
        if threading.current_thread() is not threading.main_thread():
            return
        np.random.set_state(self._numpy)
        random.setstate(self._python)
