"""Several learners or services on one data set, with the statistics of pairs.

Scores of learners on the same folds go up and down together, and folds share training rows: their
differences are judged by the corrected resampled t-test (Nadeau and Bengio 2003, *Inference for the
Generalization Error*), and all pairs with the best together by Holm's procedure (1979).
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone, is_classifier
from sklearn.metrics import check_scoring, get_scorer
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import type_of_target

from clew.errors import InvalidParameter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """One learner among others.

    Parameters
    ----------
    score, spread : float
        Mean and standard deviation of its scores on the folds; NaN where it failed.
    rank : float
        Mean of its ranks on the folds, 1 the best; of what is equal the mean of their ranks.
    behind : float
        By how much the best one is ahead, on average.
    p_value : float
        That at least this difference is chance; 1 for the best itself.
    significant : bool
        Whether the best is ahead beyond chance, with all learners that it is compared with taken
        together.
    fit_s, predict_s : float
        Seconds of a fit on a fold, and of its scoring, on average.
    scores : tuple of float
        One for each fold.
    error : str
        Why it failed, if it did.
    """

    name: str
    score: float
    spread: float
    rank: float
    behind: float
    p_value: float
    significant: bool
    fit_s: float
    predict_s: float
    scores: tuple[float, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Learners, the best first.

    Parameters
    ----------
    scoring : str
        The measure: what is larger is better.
    folds : int
        How many scores each has.
    pairs : mapping of (str, str) to float
        The probability that the difference of two of them is chance, each pair by itself.
    """

    lines: tuple[Compared, ...]
    scoring: str
    folds: int
    pairs: Mapping[tuple[str, str], float]

    @property
    def best(self) -> str:
        """Name of the learner with the highest mean score."""
        return self.lines[0].name

    @property
    def level(self) -> tuple[str, ...]:
        """Names of the learners that are not behind the best beyond chance, itself included."""
        return tuple(line.name for line in self.lines if not line.error and not line.significant)

    def __str__(self) -> str:
        head = f"{self.scoring} on {self.folds} folds"
        width = max(len(line.name) for line in self.lines)
        rows = []
        for line in self.lines:
            if line.error:
                rows.append(f"{line.name:<{width}}  failed: {line.error}")
                continue
            behind = "best" if line is self.lines[0] else f"-{line.behind:.4f}"
            said = f"p {line.p_value:.3f}{'  behind' if line.significant else ''}"
            rows.append(
                f"{line.name:<{width}}  {line.score:.4f} ± {line.spread:.4f}  {behind:>8}"
                f"  {said:<16}  fit {line.fit_s:.3f} s, score {line.predict_s:.3f} s"
            )
        return "\n".join([head, *rows])


class Served(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A service, which is asked and never fitted: anything from rows to labels or numbers.

    Parameters
    ----------
    ask : callable
        Returns an answer for each row: a client of a served model, an `Endpoint`'s ``predict``.
    """

    def __init__(self, ask: Any) -> None:
        self.ask = ask

    def fit(self, X: Any, y: Any) -> Served:
        """Take note of the classes; the service learns nothing of it."""
        if is_classifier(self):
            self.classes_ = np.unique(y)
        self.fitted_ = True
        return self

    def predict(self, X: Any) -> Any:
        """Ask the service."""
        return np.asarray(self.ask(X))


class _ServedClassifier(ClassifierMixin, Served):  # type: ignore[misc]
    pass


class _ServedRegressor(RegressorMixin, Served):  # type: ignore[misc]
    pass


def compare(
    learners: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    scoring: Any = None,
    folds: int = 5,
    repeats: int = 2,
    alpha: float = 0.05,
    seed: int = 0,
) -> Comparison:
    """Return how several learners do on the same folds of one data set.

    Parameters
    ----------
    learners : mapping of str to estimator or callable
        An estimator is cloned and fitted on each fold; a callable is a service that exists already
        and is asked for the held rows: it must not have seen them.
    scoring : str or callable, optional
        As scikit-learn's; by default what a learner's own ``score`` measures: accuracy, or R².
    folds, repeats : int
        Folds, stratified by class, and how often the rows are split anew.
    alpha : float
        Probability that any learner is called behind when none is.
    seed : int
        Of the splits.

    Raises
    ------
    InvalidParameter
        When there are fewer than two learners or folds.

    Notes
    -----
    Inside ``with clew.reuse():`` a fit that was made before is not made again; seconds are then
    those of the look-up.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from clew.select import compare
    >>> X, y = load_wine(return_X_y=True)
    >>> learners = {"bayes": GaussianNB(), "tree": DecisionTreeClassifier(random_state=0),
    ...             "chance": DummyClassifier()}
    >>> found = compare(learners, X, y)
    >>> found.best, "chance" in found.level
    ('bayes', False)
    """
    if len(learners) < 2 or folds < 2 or repeats < 1:
        raise InvalidParameter(
            "two learners and two folds at least",
            got=f"{len(learners)} learners, {folds} folds, {repeats} repeats",
        )
    classes = _classifies(learners, y)
    split = (RepeatedStratifiedKFold if classes else RepeatedKFold)(
        n_splits=folds, n_repeats=repeats, random_state=seed
    )
    parts = list(split.split(X, y))
    measured = {
        name: _scored(_estimator(learner, classes=classes), X, y, parts, scoring)
        for name, learner in learners.items()
    }
    lines = _lines(measured, parts, alpha)
    pairs = {
        (a, b): _p_value(measured[a].scores - measured[b].scores, parts)
        for at, a in enumerate(measured)
        for b in list(measured)[at + 1 :]
        if not measured[a].error and not measured[b].error
    }
    return Comparison(lines, _named(scoring, classes=classes), len(parts), pairs)


@dataclass(frozen=True, slots=True)
class _Scored:
    scores: Floats
    fit_s: float
    predict_s: float
    error: str = ""


def _classifies(learners: Mapping[str, Any], y: Any) -> bool:
    """Tell whether labels are asked for: as the estimators do, or as the targets look."""
    kinds = {is_classifier(one) for one in learners.values() if hasattr(one, "fit")}
    if len(kinds) > 1:
        raise InvalidParameter("classifiers and regressors are not compared")
    if kinds:
        return bool(kinds.pop())
    return np.asarray(y).dtype.kind != "f" and type_of_target(y) in ("binary", "multiclass")


def _estimator(learner: Any, *, classes: bool) -> Any:
    if hasattr(learner, "fit"):
        return learner
    if not callable(learner):
        raise InvalidParameter(
            "a learner", got=type(learner).__name__, expected="an estimator, or a callable"
        )
    return (_ServedClassifier if classes else _ServedRegressor)(learner)


def _scored(
    learner: Any, X: Any, y: Any, parts: Sequence[tuple[Any, Any]], scoring: Any
) -> _Scored:
    scores, fits, asks = [], 0.0, 0.0
    try:
        scorer = check_scoring(learner, scoring=scoring)
        for train, held in parts:
            model = learner if isinstance(learner, Served) else clone(learner)
            began = time.perf_counter()
            model.fit(_safe_indexing(X, train), _safe_indexing(y, train))
            fitted = time.perf_counter()
            scores.append(float(scorer(model, _safe_indexing(X, held), _safe_indexing(y, held))))
            asks += time.perf_counter() - fitted
            fits += fitted - began
    except Exception as error:  # a learner's own, whatever it is
        nothing = np.full(len(parts), np.nan)
        return _Scored(nothing, math.nan, math.nan, f"{type(error).__name__}: {error}"[:200])
    return _Scored(np.array(scores), fits / len(parts), asks / len(parts))


def _lines(
    measured: Mapping[str, _Scored], parts: Sequence[tuple[Any, Any]], alpha: float
) -> tuple[Compared, ...]:
    alive = {name: one for name, one in measured.items() if not one.error}
    if not alive:
        first = next(iter(measured.values()))
        raise InvalidParameter("no learner could be fitted", got=first.error)
    ranks = dict(zip(alive, _ranks([one.scores for one in alive.values()]), strict=True))
    order = sorted(alive, key=lambda name: (-float(alive[name].scores.mean()), name))
    best = alive[order[0]].scores
    chances = {name: _p_value(best - alive[name].scores, parts) for name in order[1:]}
    behind = _holm(chances, alpha)
    lines = [
        Compared(
            name,
            float(one.scores.mean()),
            float(one.scores.std(ddof=1)),
            ranks[name],
            float((best - one.scores).mean()),
            chances.get(name, 1.0),
            name in behind,
            one.fit_s,
            one.predict_s,
            tuple(one.scores.tolist()),
        )
        for name, one in ((name, alive[name]) for name in order)
    ]
    nan = math.nan
    lines += [
        Compared(name, nan, nan, nan, nan, nan, False, nan, nan, (), one.error)
        for name, one in measured.items()
        if one.error
    ]
    return tuple(lines)


def _ranks(scores: Sequence[Floats]) -> list[float]:
    from scipy.stats import rankdata

    table = rankdata(-np.stack(scores), axis=0)
    return [float(row.mean()) for row in table]


def _p_value(differences: Floats, parts: Sequence[tuple[Any, Any]]) -> float:
    """Return the two-sided probability of a mean difference under the corrected t-test."""
    from scipy.stats import t

    n = len(differences)
    mean, variance = float(differences.mean()), float(differences.var(ddof=1))
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    held = float(np.mean([len(test) / len(train) for train, test in parts]))
    statistic = mean / math.sqrt(variance * (1 / n + held))
    return float(2 * t.sf(abs(statistic), n - 1))


def _holm(chances: Mapping[str, float], alpha: float) -> set[str]:
    """Return the names whose differences are no chance, all of them together."""
    found: set[str] = set()
    ordered = sorted(chances, key=lambda name: chances[name])
    for at, name in enumerate(ordered):
        if chances[name] > alpha / (len(ordered) - at):
            break
        found.add(name)
    return found


def _named(scoring: Any, *, classes: bool) -> str:
    if scoring is None:
        return "accuracy" if classes else "r2"
    if isinstance(scoring, str):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            get_scorer(scoring)
        return scoring
    return str(getattr(scoring, "__name__", type(scoring).__name__))
