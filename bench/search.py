"""Searches with `clew.Search`, against plain scikit-learn and joblib's pipeline memory.

CPU seconds, one thread each, on the Adult data. Everything in ``cv_results_`` but the timings is
compared, bit by bit, or within the tolerance that ``cv_results_["tolerance"]`` declares.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from bench.figure import Figure
from bench.search_spaces import Case, cases, sampled


@dataclass(frozen=True)
class Measured:
    """CPU seconds of one case, and whether clew's results were scikit-learn's."""

    plain_s: float
    clew_s: float
    warm_s: float
    agrees: bool


@cache
def measure(name: str, quick: bool) -> Measured:
    """Run one case plainly, with clew and an empty store, and with that store opened anew."""
    from clew.select import Search

    case = cases(quick)[name]
    _once(quick)
    plain_s, plain = _timed(lambda: _grid(case).fit(case.X, case.y))
    search = Search(case.estimator, case.space, cv=case.cv, scoring=case.scoring)
    place = tempfile.mkdtemp()
    try:
        search.set_params(store=_store(place))
        clew_s, found = _timed(lambda: search.fit(case.X, case.y))
        agrees = same(plain, found, case.X)
        search.set_params(store=_store(place))
        warm_s, again = _timed(lambda: search.fit(case.X, case.y))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Measured(plain_s, clew_s, warm_s, agrees and same(plain, again, case.X))


@cache
def _once(quick: bool) -> None:
    """Import and warm up what both sides use, outside of the measurements."""
    from clew.select import Search

    case = cases(quick)["ridge"]
    few = {"model__alpha": [1.0, 2.0]}
    rows = case.X.iloc[:500], case.y[:500]
    Search(case.estimator, few, cv=2, store=None).fit(*rows)
    with tempfile.TemporaryDirectory() as place:
        Search(case.estimator, few, cv=2, store=_store(place)).fit(*rows)


def _store(place: str) -> Any:
    """Return the store in a folder, as if another process had opened it."""
    import clew
    from clew.select.persistent import RuntimeStudies

    return RuntimeStudies(clew.open(place).runtime)


def _grid(case: Case, memory: Any = None) -> Any:
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV

    estimator = clone(case.estimator).set_params(memory=memory)
    return GridSearchCV(estimator, case.space, cv=case.cv, scoring=case.scoring)


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        began = time.process_time()
        result = call()
        return time.process_time() - began, result


def same(plain: Any, found: Any, X: Any) -> bool:
    """Tell whether results agree as exactly as is declared, and the refit's predictions."""
    declared = found.cv_results_["tolerance"]
    slack = np.where(declared > 0, declared + 1e-12, 0.0)
    for name, values in plain.cv_results_.items():
        if name.endswith("_time") or name == "params":
            continue
        if name.startswith(("split", "mean_", "std_")):
            if not (np.abs(values - found.cv_results_[name]) <= slack).all():
                return False
        elif not slack.any() and not _equal(values, found.cv_results_[name]):
            return False
    predictions = (s.best_estimator_.predict(X.iloc[:2000]) for s in (plain, found))
    close = np.allclose if slack.any() else np.array_equal
    return plain.best_index_ == found.best_index_ and bool(close(*predictions))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ma.MaskedArray):
        return [str(v) for v in one] == [str(v) for v in other]
    return bool(np.array_equal(one, other))


def _peer() -> str:
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


def _ratio(figure: str, plain_s: float, clew_s: float, agrees: bool) -> Figure:
    return Figure(figure, plain_s / clew_s, "ratio", clew_s, plain_s, _peer(), agrees)


def one_scan(quick: bool) -> Figure:
    """20 penalties x 5 folds of one gradient method: one by one, to all in one scan."""
    from sklearn.model_selection import GridSearchCV

    from clew.select import GradientClassifier, Search

    case = cases(quick)["ridge"]
    X, y = case.estimator[:-1].fit_transform(case.X), case.y.astype(int)
    space = {"alpha": np.logspace(-5, 0, 5 if quick else 20)}
    options = {"cv": case.cv, "refit": False, "scoring": "neg_log_loss"}
    plain_s, plain = _timed(lambda: GridSearchCV(GradientClassifier(), space, **options).fit(X, y))
    search = Search(GradientClassifier(), space, **options, tolerance=1e-4, store=None)
    clew_s, found = _timed(lambda: search.fit(X, y))
    one, other = (s.cv_results_["mean_test_score"] for s in (plain, found))
    agrees = bool(np.abs(one - other).max() <= 1e-4) and found.account_.fits == 1
    return _ratio("search.one_scan", plain_s, clew_s, agrees)


# -- sampled spaces -------------------------------------------------------------------------------
def tpe_efficiency(quick: bool) -> Figure:
    """Random configurations with continuous parameters: speed-up, to what perfect sharing gives."""
    plain = _sampled_plainly(quick)
    clew_s, found = _sampled_search(quick, race=None)
    agrees = bool(np.array_equal(plain.scores, found.cv_results_["mean_test_score"]))
    return _efficiency("search.tpe_efficiency", plain, clew_s, agrees)


def racing(quick: bool) -> Figure:
    """Return the same with racing folds: the best configuration must still be the best."""
    plain = _sampled_plainly(quick)
    clew_s, found = _sampled_search(quick, race=0.95)
    agrees = bool(found.best_index_ == np.argmax(plain.scores))
    return _efficiency("search.racing", plain, clew_s, agrees)


@dataclass(frozen=True)
class Plain:
    """Cross-validation by hand: all CPU seconds, those in prefixes seen before, mean scores."""

    total_s: float
    repeated_s: float
    scores: Any


def _efficiency(name: str, plain: Plain, clew_s: float, agrees: bool) -> Figure:
    value = (plain.total_s - plain.repeated_s) / clew_s
    return Figure(name, value, "share", clew_s, plain.total_s, _peer(), agrees)


def _count(quick: bool) -> int:
    return 12 if quick else 30


def _sampled_search(quick: bool, race: float | None) -> tuple[float, Any]:
    from clew.select import Search

    case = sampled(quick)
    search = Search(case.estimator, case.space, n_iter=_count(quick), random_state=0, cv=case.cv)
    search.set_params(refit=False, scoring=case.scoring, race=race)
    with tempfile.TemporaryDirectory() as place:
        search.set_params(store=_store(place))
        return _timed(lambda: search.fit(case.X, case.y))


@cache
def _sampled_plainly(quick: bool) -> Plain:
    from sklearn.model_selection import ParameterSampler

    _once(quick)
    case = sampled(quick)
    return _by_hand(case, list(ParameterSampler(case.space, _count(quick), random_state=0)))


def _by_hand(case: Case, drawn: list[Mapping[str, Any]]) -> Plain:
    from sklearn.base import clone
    from sklearn.metrics import get_scorer
    from threadpoolctl import threadpool_limits

    seen: set[tuple[str, int]] = set()
    total_s = repeated_s = 0.0
    scores = np.zeros((len(drawn), case.cv.get_n_splits()))
    scorer = get_scorer(case.scoring)
    with threadpool_limits(1):
        for number, parameters in enumerate(drawn):
            for fold, (train, test) in enumerate(case.cv.split(case.X, case.y)):
                began = time.process_time()
                pipeline = clone(case.estimator).set_params(**clone(parameters, safe=False))
                X, y = case.X.iloc[train], case.y[train]
                X_test = case.X.iloc[test]
                before = pipeline[:-1]
                middle = time.process_time()
                rows, test_rows = before.fit_transform(X, y), before.transform(X_test)
                prefix_s = time.process_time() - middle
                model = pipeline[-1].fit(rows, y)
                scores[number, fold] = scorer(model, test_rows, case.y[test])
                total_s += time.process_time() - began
                key = (str(before.get_params()), fold)
                repeated_s += prefix_s if key in seen else 0.0
                seen.add(key)
    return Plain(total_s, repeated_s, scores.mean(axis=1))


# -- work that is not repeated ------------------------------------------------------------------
def delta(quick: bool) -> Figure:
    """One more penalty, model, metric or fold in a finished search: fits, to the new ones."""
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.model_selection import PredefinedSplit

    from clew.select import Search
    from clew.select.store import MemoryStore

    case = cases(quick)["mixed_grid"]
    X, y = case.X.iloc[:2000], case.y[:2000]
    pipeline = case.estimator
    store = MemoryStore()
    few = {"model": [LogisticRegression(max_iter=50)], "model__C": [0.1, 1.0]}
    other = {"model": [RidgeClassifier()], "model__alpha": [1.0]}
    more = {**few, "model__C": [0.1, 1.0, 10.0]}
    folds = np.arange(len(y)) % 4
    three, four = PredefinedSplit(np.where(folds == 3, -1, folds)), PredefinedSplit(folds)

    def fits(space: Any, cv: Any, scoring: Any) -> int:
        search = Search(pipeline, space, cv=cv, scoring=scoring, refit=False, store=store)
        return int(search.fit(X, y).account_.fits)

    first = fits(few, three, "accuracy")
    done = [
        (fits(more, three, "accuracy"), 3),
        (fits([more, other], three, "accuracy"), 3),
        (fits([more, other], three, ["accuracy", "f1", "roc_auc"]), 0),
        (fits([more, other], four, "accuracy"), 4),
    ]
    value = max(ran / new if new else 1.0 + ran for ran, new in done)
    agrees = first == 6
    return Figure(
        "search.delta", value, "ratio", float(sum(r for r, _ in done)), 10.0, None, agrees
    )


def warm(quick: bool) -> Figure:
    """Return the worst share of plain seconds that a repeated search takes."""
    found = [measure(name, quick) for name in ("ridge", "mixed_grid", "forest", "boosting")]
    worst = max(found, key=lambda m: m.warm_s / m.plain_s)
    value = worst.warm_s / worst.plain_s
    return Figure("search.warm", value, "share", worst.warm_s, worst.plain_s, _peer(), worst.agrees)


def vs_joblib(quick: bool) -> Figure:
    """Return the worst ratio to a pipeline with joblib's memory, each starting empty."""
    import joblib

    worst: tuple[float, float, float, bool] | None = None
    for name in ("ridge", "mixed_grid", "forest", "boosting", "pca_knn"):
        case, measured = cases(quick)[name], measure(name, quick)
        place = tempfile.mkdtemp()
        try:
            memory = joblib.Memory(place, verbose=0)
            joblib_s, _ = _timed(lambda c=case, m=memory: _grid(c, m).fit(c.X, c.y))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        found = (joblib_s / measured.clew_s, measured.clew_s, joblib_s, measured.agrees)
        worst = found if worst is None or found[0] < worst[0] else worst
    assert worst is not None
    peer = f"joblib.Memory {joblib.__version__}"
    return Figure("search.vs_joblib", worst[0], "ratio", worst[1], worst[2], peer, worst[3])


_PEAK = """
from pathlib import Path
from bench.search import _grid
from bench.search_spaces import cases
from clew.select import Search

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

case = cases({quick})["ridge"]
few = {{"model__alpha": [0.1, 1.0, 10.0]}}
small = case.X.iloc[:500], case.y[:500]
_grid(case).set_params(param_grid=few, cv=2).fit(*small)
Search(case.estimator, few, cv=2, store=None).fit(*small)
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = status("VmRSS")
{run}
print(before, status("VmHWM"))
"""
_RUNS = {
    "plain": "_grid(case).set_params(param_grid=few).fit(case.X, case.y)",
    "clew": "Search(case.estimator, few, cv=case.cv).fit(case.X, case.y)",
}


def memory(quick: bool) -> Figure:
    """Peak memory beyond data and libraries, the ridge search, each in its own process (Linux)."""
    peaks = {}
    for kind, run in _RUNS.items():
        command = [sys.executable, "-W", "ignore", "-c", _PEAK.format(run=run, quick=quick)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        before, after = map(int, done.stdout.split())
        peaks[kind] = (after - before) * 1024.0
    value = peaks["clew"] / peaks["plain"]
    return Figure("search.memory", value, "ratio", peaks["clew"], peaks["plain"], _peer())


def _case(name: str, quick: bool) -> Figure:
    measured = measure(name, quick)
    return _ratio(f"search.{name}", measured.plain_s, measured.clew_s, measured.agrees)


FIGURES: dict[str, Callable[[bool], Figure]] = {
    **{
        f"search.{name}": partial(_case, name)
        for name in ("ridge", "mixed_grid", "forest", "boosting", "pca_knn")
    },
    "search.one_scan": one_scan,
    "search.tpe_efficiency": tpe_efficiency,
    "search.racing": racing,
    "search.delta": delta,
    "search.warm": warm,
    "search.vs_joblib": vs_joblib,
    "search.memory": memory,
}
"""Every figure on its own: one can be measured without the others."""
