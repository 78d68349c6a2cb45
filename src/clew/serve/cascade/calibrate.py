"""From two models and held rows to a cascade: costs measured, lines chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter
from clew.serve.cascade.choose import Costs, Runs, choose
from clew.serve.cascade.difference import Difference
from clew.serve.cascade.run import Cascade, classes_of, labels_of, scores_of

_LINES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_FEW = 200


def calibrate(
    cheap: Any,
    dear: Any,
    rows: Any,
    *,
    max_loss: float = 0.01,
    confidence: float = 0.95,
    difference: Difference | None = None,
    costs: Costs | None = None,
    classes: Any = None,
) -> Cascade:
    """Return the cheapest cascade of two models whose loss is surely below a bound.

    Parameters
    ----------
    cheap, dear : estimator, Compiled, Endpoint, or callable
        As of `Cascade`. A cheap model that was trained on the dear one's answers agrees with it
        most.
    rows : frame or array
        Held rows, in order where there is a difference detector. Neither model was trained on them.
    max_loss, confidence : float
        See `choose`.
    difference : Difference, optional
        Of frames, what tells that nothing has changed.
    costs : Costs, optional
        By default the CPU time is measured on the held rows, one at a time for a difference
        detector, else together.
    classes : array, optional
        Of callables.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from clew.serve.cascade import calibrate
    >>> X, y = make_classification(3000, class_sep=2.0, random_state=0)
    >>> dear = RandomForestClassifier(100, random_state=0).fit(X[:1000], y[:1000])
    >>> cheap = LogisticRegression().fit(X[:1000], dear.predict(X[:1000]))
    >>> cascade = calibrate(cheap, dear, X[1000:2000], max_loss=0.02)
    >>> bool((cascade.predict(X[2000:]) != dear.predict(X[2000:])).mean() < 0.02)
    True
    """
    known = classes_of(cheap if classes is None else classes)
    scoring, labelling = scores_of(cheap), labels_of(dear)
    scores, cheap_s = _timed(scoring, rows, alone=difference is not None)
    given, dear_s = _timed(labelling, rows, alone=difference is not None)
    labels = _positions(known, given)
    runs: list[Runs] = []
    difference_s = 0.0
    if difference is not None:
        before = time.process_time()
        prepared = [difference.prepare(row) for row in rows]
        steps = np.array([difference.distance(a, b) for a, b in pairwise(prepared)])
        difference_s = (time.process_time() - before) / len(prepared)
        runs = list(_runs(difference, prepared, steps))
    measured = Costs(cheap_s, dear_s, difference_s)
    choice = choose(
        scores, labels, costs or measured, max_loss=max_loss, confidence=confidence, runs=runs
    )
    return Cascade(cheap, dear, choice, difference=difference, classes=known)


def _timed(
    ask: Callable[[Any], NDArray[Any]], rows: Any, *, alone: bool
) -> tuple[NDArray[Any], float]:
    """Return the answers to rows, and the CPU seconds of one."""
    before = time.process_time()
    answers = ask(rows)
    spent_s = (time.process_time() - before) / len(rows)
    if alone:
        few = rows[:_FEW]
        ask(few[:1])
        before = time.process_time()
        for row in few:
            ask(np.asarray(row)[None])
        spent_s = (time.process_time() - before) / len(few)
    return answers, max(spent_s, 1e-9)


def _positions(classes: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.intp]:
    places = {value: at for at, value in enumerate(classes.tolist())}
    unknown = sorted({str(value) for value in labels.tolist() if value not in places})
    if unknown:
        raise InvalidParameter(
            "the dear model gives classes that the cheap one does not know",
            got=", ".join(unknown[:5]),
            expected=", ".join(map(str, classes[:12])),
        )
    return np.array([places[value] for value in labels.tolist()], dtype=np.intp)


def _runs(
    difference: Difference, prepared: list[Any], steps: NDArray[np.float64]
) -> Iterator[Runs]:
    """Yield cuts at lines among the distances of neighbours, and at multiples of the usual one."""
    lines = {float(np.quantile(steps, share)) for share in _LINES if len(steps)}
    lines |= {factor * float(np.median(steps)) for factor in (1.5, 2.0, 3.0, 5.0) if len(steps)}
    for line in sorted(lines):
        starts, kept = [0], prepared[0]
        for at in range(1, len(prepared)):
            if not difference.distance(kept, prepared[at]) < line:
                starts.append(at)
                kept = prepared[at]
        yield Runs(line, np.array(starts))
